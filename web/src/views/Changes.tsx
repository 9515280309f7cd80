// What to change, each planned again by the engine before it is offered.
import { times } from '../format';
import type { State, Store } from '../store';

function Chance({ value }: { value: number }) {
  if (value <= 0.05) return <span class="s-no">would be refused</span>;
  const sure = value >= 0.95;
  return (
    <span class="tick">
      <svg viewBox="0 0 13 13" class={sure ? 's-ok' : 's-maybe'} aria-hidden="true">
        {sure ? <circle cx="6.5" cy="6.5" r="5.5" fill="currentColor" /> : <path d="M6.5 1L12.5 12H.5z" fill="currentColor" />}
      </svg>
      {sure ? 'starts' : `starts in ${Math.min(Math.max(Math.round(value * 10), 1), 9)} of 10`}
    </span>
  );
}

export function Changes({ store, state }: { store: Store; state: State }) {
  const fits = state.answer?.report.verdict.fits ?? true;
  const list = store.suggestions().slice(0, 6);
  const waiting = state.deep.report === undefined;
  return (
    <section class="block changes" aria-labelledby="changes">
      <h2 id="changes">{fits ? 'Changes that buy more, each planned again' : 'What makes it start, each planned again'}</h2>
      {list.length === 0 ? (
        <p class="note">{waiting ? 'Planning alternatives.' : fits ? 'None: little of the card is left idle.' : 'No single change was found that starts.'}</p>
      ) : (
        <table class="sugg">
          <caption class="vh">Changes, what each comes to, and whether it starts</caption>
          <thead>
            <tr>
              <th scope="col">Change</th>
              <th scope="col" class="n">
                Concurrency
              </th>
              <th scope="col" class="n">
                Verdict
              </th>
              <td class="act" />
            </tr>
          </thead>
          <tbody>
            {list.map((each) => (
              <tr key={each.words}>
                <th scope="row">
                  <code>{each.words}</code>
                  <small>{each.costs}</small>
                </th>
                <td class="n">
                  <b>{times(each.max_concurrency)}</b>
                </td>
                <td class="n">
                  <Chance value={each.probability_fits} />
                </td>
                <td class="act n">
                  <button type="button" class="link" aria-label={`Try ${each.words}`} onClick={() => store.patch(each.change)}>
                    Try
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
