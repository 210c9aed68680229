"""Server of the page: sessions, commands and answers, and the notebook widget."""
