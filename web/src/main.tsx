import { render } from "preact";
import { begin } from "./state/session";
import { App } from "./views/App";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/views.css";
import "./style/menus.css";

const page = document.getElementById("page");
// The link's token has become a cookie, and is nobody else's business in the address.
history.replaceState(null, "", window.location.pathname);

if (page) {
  render(<App />, page);
  void begin();
}
