import { render } from "preact";
import { begin } from "./state/session";
import { App } from "./views/App";
import "./style/tokens.css";
import "./style/base.css";
import "./style/layout.css";
import "./style/views.css";

const page = document.getElementById("page");
if (page) {
  render(<App />, page);
  void begin();
}
