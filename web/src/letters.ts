// Whether single letters work outside text boxes: the reader's choice.

export function lettersOn(): boolean {
  try {
    return localStorage.getItem('letters') !== 'off';
  } catch {
    return true;
  }
}

export function setLetters(on: boolean): void {
  try {
    localStorage.setItem('letters', on ? 'on' : 'off');
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
