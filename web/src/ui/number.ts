const numbers = new Intl.NumberFormat("en");

/** count writes a number with its thousands set off. */
export const count = (n: number) => numbers.format(n);

/** many says how many of something there are. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}
