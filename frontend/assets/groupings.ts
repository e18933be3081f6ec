// A grouping under the pointer or the focus lights its members in the ranking; the map, when there is one, draws it.
export const LIT = "maillage:team";

export function listenToGroupings(): void {
  let lit: string | null = null;

  const light = (event: Event): void => {
    const card = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-team]") : null;
    const rank = card?.dataset["team"] ?? null;
    if (rank === lit) return;
    lit = rank;
    const members = new Set([...(card?.querySelectorAll<HTMLElement>("[data-siret]") ?? [])].map((one) => one.dataset["siret"]));
    for (const row of document.querySelectorAll<HTMLElement>(".firm[data-siret]")) {
      row.classList.toggle("in-team", members.has(row.dataset["siret"]));
    }
    document.dispatchEvent(new CustomEvent<number | null>(LIT, { detail: rank === null ? null : Number(rank) }));
  };
  document.addEventListener("mouseover", light);
  document.addEventListener("focusin", light);
}
