// Sliders of a form say their value at once; what stands where the service puts it stays out of the address.
const SLIDER = 'input[type="range"][data-usual]';
const WEIGHT = "[data-usual][name]";

type Field = HTMLInputElement | HTMLSelectElement;

export function listenToSliders(): void {
  document.addEventListener("input", (event) => {
    if (!(event.target instanceof HTMLInputElement) || !event.target.matches(SLIDER)) return;
    const said = document.querySelector<HTMLOutputElement>(`output[for="${event.target.id}"]`);
    if (said) said.value = event.target.value;
  });

  // Back to the service's weights: the sliders of the form move back, it asks anew.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-weights-reset]") : null;
    const form = document.getElementById(link?.dataset["weightsReset"] ?? "");
    const fields = weightsOf(form);
    if (!link || !fields.length) return;
    event.preventDefault();
    for (const field of fields) {
      field.value = field.dataset["usual"] ?? field.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    fields[0]?.closest("details")?.querySelector<HTMLElement>("summary")?.focus();
  });
}

function weightsOf(form: Element | null): Field[] {
  return [...(form?.querySelectorAll<Field>(WEIGHT) ?? [])];
}

/** A form whose weights all stand where the service puts them says nothing of them; so does a usual choice of boxes. */
export function dropUsual(body: FormData): void {
  for (const form of document.querySelectorAll("form")) {
    const fields = weightsOf(form);
    if (fields.every((one) => one.value === one.dataset["usual"])) for (const one of fields) body.delete(one.name);
  }
  for (const choice of document.querySelectorAll<HTMLElement>("[data-usual-choice]")) {
    const name = choice.dataset["name"] ?? "";
    if (body.getAll(name).join() === choice.dataset["usualChoice"]) body.delete(name);
  }
}
