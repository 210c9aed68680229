import { render } from "preact";
import { arrive } from "./state/links";
import { begin, openLink } from "./state/session";
import { App } from "./views/App";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/views.css";
import "./style/menus.css";
import "./style/distributions.css";
import "./style/residuals.css";
import "./style/features.css";
import "./style/notes.css";
import "./style/step.css";

const page = document.getElementById("page");
hearAddress();
// A link that is put into the address of an open page loads nothing anew.
window.addEventListener("hashchange", () => {
  hearAddress();
  openLink();
});

function hearAddress(): void {
  arrive(window.location.hash);
  // The token has become a cookie, and is nobody else's business; what stood behind the # has been read.
  history.replaceState(null, "", window.location.pathname);
}

if (page) {
  render(<App />, page);
  void begin();
}
