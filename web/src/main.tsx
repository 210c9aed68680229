import { render } from "preact";
import { followLessons } from "./state/lessons";
import { arrive } from "./state/links";
import { begin, openLink } from "./state/session";
import { App } from "./views/App";
import { FromNotebook } from "./wire/fromNotebook";
import { FromServer } from "./wire/fromServer";
import { reachThrough, type Transport } from "./wire/transport";
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
import "./style/notebook.css";
import "./style/lessons.css";
import "./style/compare.css";
import "./style/landscape.css";
import "./style/board.css";

const page = document.getElementById("page");
if (page?.dataset.place === "notebook") {
  addEventListener("message", hearNotebook);
} else {
  hearAddress();
  // A link that is put into the address of an open page loads nothing anew.
  addEventListener("hashchange", () => {
    hearAddress();
    openLink();
  });
  start(new FromServer());
}

function hearAddress(): void {
  arrive(window.location.hash);
  // The token has become a cookie, and is nobody else's business; what stood behind the # has been read.
  history.replaceState(null, "", window.location.pathname);
}

/** The notebook around this page hands it the port through which it reaches the kernel. */
function hearNotebook({ source, ports }: MessageEvent): void {
  const [port] = ports;
  if (source !== window.parent || !port) return;
  removeEventListener("message", hearNotebook);
  start(new FromNotebook(port));
}

function start(transport: Transport): void {
  if (!page) return;
  reachThrough(transport);
  render(<App />, page);
  void begin();
  followLessons();
}
