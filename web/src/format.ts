// Numbers as people read them. GiB is 2^30, with two decimals; a minus is a minus sign.

const GIB = 2 ** 30;

/** The engine's lines with a true minus: "-0.25" -> "−0.25", "75.22 - 23.45" -> "75.22 − 23.45". */
export const minus = (text: string): string => text.replace(/(^| )-(?=[ \d])/g, '$1−');

export const toGib = (bytes: number): number => bytes / GIB;
/** Ties to even, as the engine rounds them: 5.625 -> "5.62". Of binary fractions only odd eighths are ties. */
function hundredths(size: number): string {
  const tie = Math.abs(size * 8) % 2 === 1;
  return (tie ? (2 * Math.round(size * 50)) / 100 : size).toFixed(2);
}

export const gib = (bytes: number): string => minus(hundredths(toGib(bytes)));
export const fromGib = (size: number): number => Math.round(size * GIB);

/** 130304 -> "130,304" */
export const count = (value: number): string => Math.floor(value).toLocaleString('en-GB');

/** 15.881 -> "15.88x", rounded down as a capacity is. */
export const times = (value: number): string => `${(Math.floor(value * 100 + 1e-9) / 100).toFixed(2)}x`;

export const range = (low: string, high: string): string => (low === high ? '± < 0.01' : `${low} – ${high}`);

export const signed = (value: number, digits = 2): string => {
  const text = Math.abs(value).toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (!/[1-9]/.test(text)) return text;
  return `${value < 0 ? '−' : '+'} ${text}`;
};

/** 8192 -> "8K": ticks of an axis that runs in powers of two. */
export const short = (value: number): string => {
  if (value >= 2 ** 20 && value % 2 ** 20 === 0) return `${value / 2 ** 20}M`;
  if (value >= 1024 && value % 1024 === 0) return `${value / 1024}K`;
  return String(value);
};

/** "max_model_len" -> "--max-model-len" */
export const flag = (name: string): string => `--${name.replaceAll('_', '-')}`;

export const shown = (value: unknown): string => {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};
