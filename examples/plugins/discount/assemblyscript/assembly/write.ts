/** A text in JSON, with its quotes. */
export function text(s: string): string {
  const parts = ['"'];
  let done = 0; // what is in parts of s
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c >= 0x20 && c != 0x22 && c != 0x5c) continue;
    parts.push(s.substring(done, i));
    parts.push(c < 0x20 ? "\\u" + c.toString(16).padStart(4, "0") : "\\" + s.charAt(i));
    done = i + 1;
  }
  parts.push(s.substring(done));
  parts.push('"');
  return parts.join("");
}
