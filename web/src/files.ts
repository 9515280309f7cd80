// Files that are opened or dropped, and files that are handed out. Of weights only the headers are read.
import type { Store } from './store';
import type { Json } from './types';

const MOST = 64 << 20;

/** The JSON in front of a safetensors file: its length in eight bytes, then itself. */
async function safetensorsHeader(file: File): Promise<Json> {
  const length = Number(new DataView(await file.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  if (length > MOST) throw new Error(`${file.name}: its header is larger than 64 MiB.`);
  return JSON.parse(await file.slice(8, 8 + length).text());
}

async function openFile(store: Store, file: File): Promise<void> {
  if (/\.gguf$/i.test(file.name)) return store.openGguf(file);
  if (/\.safetensors$/i.test(file.name)) return store.addWeights(await safetensorsHeader(file));
  if (file.size > MOST) throw new Error(`${file.name}: larger than 64 MiB; open a config.json, a GGUF or safetensors file, or a model registry.`);
  store.openConfig(await file.text(), file.name);
}

/** What belongs to a config.json comes after it. */
export async function openFiles(store: Store, files: FileList | null | undefined): Promise<void> {
  const late = (file: File) => Number(/\.safetensors$/i.test(file.name));
  for (const file of [...(files ?? [])].sort((a, b) => late(a) - late(b)))
    try {
      await openFile(store, file);
    } catch (error) {
      store.set({ remark: error instanceof SyntaxError || error instanceof RangeError ? `${file.name}: its header cannot be read.` : String(error instanceof Error ? error.message : error) });
    }
}

export function download(text: string, name: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
