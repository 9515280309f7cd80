// Views that the first one does without: their code is fetched once the page is ready, or when first shown.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { whole } from './engine';

const all: (() => Promise<unknown>)[] = [];

/** Draws nothing until its code is there; drawn at once from then on. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let view: ComponentType<Props> | undefined;
  const fetched = async () => (view ??= await load());
  all.push(fetched);
  return function Lazy(props: Props) {
    const [, setHere] = useState(view !== undefined);
    useEffect(() => {
      if (!view) void fetched().then(() => setHere(true));
    }, []);
    const View = view;
    return View ? <View {...props} /> : null;
  };
}

/** As lazy, for a view that asks what the engine's first part does not answer. */
export function lazyOfWhole<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  return lazy(async () => (await Promise.all([load(), whole]))[0]);
}

/** Fetches them all. */
export const fetchViews = (): Promise<unknown> => Promise.all(all.map((fetched) => fetched()));
