/** 0 whenever a call begins: the host sets back what calls wrote. */
let counter: i64 = 0;

/** Counts a call. */
export function count(): i64 {
  return ++counter;
}
