/** `run_0192…`: a prefix and a UUIDv7 as 32 hexadecimal digits, as the server makes them. */
export const newId = (prefix: string, now_ms: number): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes[0] = (bytes[0]! & 15) | 0x70;
  bytes[2] = (bytes[2]! & 63) | 0x80;
  const hex = [...bytes].map((byte) => (byte + 256).toString(16).slice(1)).join("");
  return prefix + Math.floor(now_ms).toString(16).padStart(12, "0") + hex;
};
