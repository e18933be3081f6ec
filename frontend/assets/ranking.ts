// The sliders of a ranking say their value at once; weights left as the service's stay out of the address.
const SLIDER = 'input[type="range"][data-usual]';

export function listenToRanking(): void {
  document.addEventListener("input", (event) => {
    if (!(event.target instanceof HTMLInputElement) || !event.target.matches(SLIDER)) return;
    const said = document.querySelector<HTMLOutputElement>(`output[for="${event.target.id}"]`);
    if (said) said.value = event.target.value;
  });

  // Back to the service's weights: the sliders move back, the form asks anew.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-weights-reset]") : null;
    const sliders = [...document.querySelectorAll<HTMLInputElement>(SLIDER)];
    if (!link || !sliders.length) return;
    event.preventDefault();
    for (const slider of sliders) {
      slider.value = slider.dataset["usual"] ?? slider.value;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    document.querySelector<HTMLElement>("#rank-weights > summary")?.focus();
  });
}

/** A form whose sliders all stand where the service puts them says nothing of weights. */
export function dropUsualWeights(body: FormData): void {
  const sliders = [...document.querySelectorAll<HTMLInputElement>(SLIDER)];
  if (!sliders.length || sliders.some((one) => one.value !== one.dataset["usual"])) return;
  for (const slider of sliders) body.delete(slider.name);
}
