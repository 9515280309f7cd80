// Which profile goes with the card, and why it was picked: of the formula's overheads, and of what start-ups taught.
import { DEFAULT_FORMULA, gpuOf, type Store } from './store';

/** The card of this machine, else the one that is chosen, and the words for it. */
function known(store: Store) {
  const found = store.found();
  const card = found ?? store.cards.find(({ id }) => id === store.state.request?.gpu?.name);
  const why = found ? `GPU ${found.index ?? 0} is ${found.driver_name}` : card ? `the card is ${card.name}` : 'no GPU is known';
  return { found, card, why };
}

export function detectProfile(store: Store): void {
  const { card, why } = known(store);
  const profile = card?.profile ?? 'default';
  store.set({ profileReason: `Profile ${profile}, picked because ${why}.` });
  store.change((request) => {
    const { overhead_gib: _o, vision_gib: _v, frag_factor: _f, ...formula } = request.model.formula ?? DEFAULT_FORMULA;
    return { ...request, model: { formula }, profile };
  });
}

/** The one that bears the card's name. */
export function detectCalibration(store: Store): void {
  const { found, card, why } = known(store);
  const name = card?.id ?? card?.driver_name;
  const learnt = store.state.calibrations.find((each) => each.name === name);
  if (found) store.patch({ gpu: gpuOf(found) });
  store.calibrate(learnt?.name ?? '');
  store.set({ profileReason: learnt ? `${learnt.name}, picked because ${why}.` : `Built-in estimates, because ${why} and nothing was learnt on it.` });
}
