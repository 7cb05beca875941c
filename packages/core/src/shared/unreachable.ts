/** Closes an exhaustive switch: does not compile while a case is missing, throws if data lies at run time. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable case: ${JSON.stringify(value)}`);
}
