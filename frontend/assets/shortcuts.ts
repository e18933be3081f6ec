// One key presses the button that bears it (data-key="0 n"); a checkbox turns that off, and is remembered.
const REMEMBERED = "shortcuts";

export function listenToShortcuts(): void {
  const toggle = document.querySelector<HTMLInputElement>("#shortcuts");
  if (!toggle) return;
  toggle.checked = localStorage.getItem(REMEMBERED) !== "off";
  toggle.addEventListener("change", () => localStorage.setItem(REMEMBERED, toggle.checked ? "on" : "off"));

  document.addEventListener("keydown", (event) => {
    if (!toggle.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    const buttons = document.querySelectorAll<HTMLButtonElement>("button[data-key]");
    const wanted = [...buttons].find((button) => button.dataset.key?.split(" ").includes(event.key.toLowerCase()));
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
  });
}
