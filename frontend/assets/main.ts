// What every page needs: htmx, and a few touches the page works without.
import "./style.css";
import htmx from "htmx.org";
import { listenToGroupings } from "./groupings";
import { dropUsual, listenToSliders } from "./ranking";
import { listenToShortcuts } from "./shortcuts";

declare global {
  interface Window {
    htmx: typeof htmx;
  }
}
window.htmx = htmx;

document.documentElement.classList.add("js");

interface RequestDetail {
  ctx: { request: { body: FormData | null; method: string } };
}

// Shared addresses stay short: an empty field or the default order says nothing.
document.addEventListener("htmx:config:request", (event) => {
  const { request } = (event as CustomEvent<RequestDetail>).detail.ctx;
  if (request.method !== "GET" || !(request.body instanceof FormData)) return;
  for (const [name, value] of [...request.body.entries()]) {
    if (value === "" || (name === "sort" && value === "deadline")) request.body.delete(name);
  }
  dropUsual(request.body);
});

// The link that was followed is gone with the part it replaced: the keyboard goes on from the heading.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target instanceof Element && event.target.id === "ranking") {
    document.querySelector<HTMLElement>("#ranking-title")?.focus({ preventScroll: true });
  }
});

listenToShortcuts();
listenToSliders();
listenToGroupings();
