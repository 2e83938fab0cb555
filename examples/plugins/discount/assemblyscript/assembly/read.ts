// A reader of JSON, as much of it as a plugin needs. The host has checked what it
// hands over (ABI-4.1), so the reader is not strict.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function isSpace(c: i32): bool {
  return c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0d;
}

function isDigit(c: i32): bool {
  return c >= 0x30 && c <= 0x39;
}

/**
 * Stands before a value. Once something is not as it was expected, bad is set,
 * and everything reads as nothing. An object or an array is read like this, and
 * its values in the loop:
 *
 *     for (r.open("{"); r.field(); ) r.name …
 *     for (r.open("["); r.item(); ) …
 */
export class Reader {
  bad: bool = false;
  name: string = ""; // of the field

  constructor(
    private source: string,
    private at: i32 = 0,
    private end: i32 = source.length,
  ) {}

  open(bracket: string): void {
    if (this.peek() == bracket.charCodeAt(0)) this.at++;
    else this.fail();
  }

  /** Tells whether another field follows, and reads its name. */
  field(): bool {
    if (!this.more(0x7d)) return false; // }
    this.name = this.text();
    this.open(":");
    return !this.bad;
  }

  /** Tells whether another item follows. */
  item(): bool {
    return this.more(0x5d); // ]
  }

  integer(): i64 {
    const negative = this.peek() == 0x2d; // -
    if (negative) this.at++;
    const first = this.at;
    let n: i64 = 0;
    for (; this.at < this.end && isDigit(this.code()); this.at++) n = n * 10 + (this.code() - 0x30);
    const fraction = this.at < this.end && (this.code() == 0x2e || (this.code() | 0x20) == 0x65); // . e E
    if (this.at == first || fraction) this.fail();
    return negative ? -n : n;
  }

  text(): string {
    const value = this.any();
    if (value.bad || value.code() != QUOTE) {
      this.fail();
      return "";
    }
    const raw = this.source.substring(value.at + 1, value.end - 1);
    return raw.includes("\\") ? unescape(raw) : raw;
  }

  /** Skips a value and returns a reader of it. */
  any(): Reader {
    this.peek();
    const first = this.at;
    let depth = 0;
    do {
      const c = this.peek();
      if (this.bad) break;
      if (c == QUOTE) {
        this.skipText();
      } else if (c == 0x5b || c == 0x7b) {
        depth++;
        this.at++;
      } else if (c == 0x5d || c == 0x7d) {
        depth--;
        this.at++;
      } else if (c == 0x2c || c == 0x3a) {
        this.at++; // a comma or a colon
      } else {
        this.skipWord();
      }
    } while (depth > 0);
    const value = new Reader(this.source, first, this.at);
    value.bad = this.bad;
    return value;
  }

  /** The JSON that is left to be read. */
  raw(): string {
    return this.source.substring(this.at, this.end);
  }

  private more(closing: i32): bool {
    const c = this.peek();
    if (c == closing || c == 0x2c) this.at++;
    return c != closing && this.peek() != 0;
  }

  private skipText(): void {
    const source = this.source;
    const end = this.end;
    let at = this.at + 1;
    for (let c = 0; at < end && (c = source.charCodeAt(at)) != QUOTE; at++) {
      if (c == BACKSLASH) at++;
    }
    this.at = at;
    this.open('"');
  }

  /** Skips a number, true, false or null. */
  private skipWord(): void {
    for (; this.at < this.end; this.at++) {
      const c = this.code();
      if (isSpace(c) || c == 0x2c || c == 0x3a || c == 0x5d || c == 0x7d) return;
    }
  }

  private fail(): void {
    this.bad = true;
    this.at = this.end;
  }

  private code(): i32 {
    return this.source.charCodeAt(this.at);
  }

  /** Skips white space and returns the character after it, 0 at the end. */
  private peek(): i32 {
    while (this.at < this.end && isSpace(this.code())) this.at++;
    if (this.at >= this.end) this.fail();
    return this.bad ? 0 : this.code();
  }
}

/** What a text with escapes stands for. */
function unescape(source: string): string {
  const text = new StaticArray<u16>(source.length);
  let at = 0;
  let size = 0;
  while (at < source.length) {
    let c = source.charCodeAt(at++);
    if (c == BACKSLASH) {
      c = source.charCodeAt(at++);
      if (c == 0x75) { // u: surrogate pairs are what UTF-16 wants
        c = <i32>Number.parseInt(source.substring(at, at + 4), 16);
        at += 4;
      } else if (c == 0x62) c = 0x08; // b
      else if (c == 0x66) c = 0x0c; // f
      else if (c == 0x6e) c = 0x0a; // n
      else if (c == 0x72) c = 0x0d; // r
      else if (c == 0x74) c = 0x09; // t
    }
    text[size++] = <u16>c;
  }
  return String.UTF16.decodeUnsafe(changetype<usize>(text), <usize>size << 1);
}
