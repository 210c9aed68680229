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
import "./style/tabs.css";
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
  // Changing the address's part after # does not reload an open page.
  addEventListener("hashchange", () => {
    hearAddress();
    openLink();
  });
  start(new FromServer());
}

function hearAddress(): void {
  arrive(window.location.hash);
  // The token is in a cookie now and must stay secret, and the part after # has been read: remove both.
  history.replaceState(null, "", window.location.pathname);
}

/** The surrounding notebook passes the port that leads to the kernel. */
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
