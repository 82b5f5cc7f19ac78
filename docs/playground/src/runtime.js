// Python with the course in it: the same in the page's worker and, for the tests, in Node.

import { argon2d, argon2i, argon2id } from "@noble/hashes/argon2.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { blake2b, blake2s } from "@noble/hashes/blake2.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";

const HASHES = { blake2b, blake2s, sha1, sha224, sha256, sha384, sha512 };
const ARGON2 = [argon2d, argon2i, argon2id];

// What OpenSSL and argon2 do elsewhere; the stand-ins put it where Python looks for it.
const hashes = {
  argon2: (kind, secret, salt, t, m, p, dkLen, version) =>
    ARGON2[kind](bytes(secret), bytes(salt), { t, m, p, dkLen, version }),
  pbkdf2: (name, secret, salt, c, dkLen) =>
    HASHES[name] && pbkdf2(HASHES[name], bytes(secret), bytes(salt), { c, dkLen }),
  scrypt: (secret, salt, N, r, p, dkLen) =>
    scrypt(bytes(secret), bytes(salt), { N, r, p, dkLen, maxmem: 2 ** 31 }),
};

function bytes(proxy) {
  if (proxy instanceof Uint8Array) return proxy;
  const array = proxy.toJs();
  proxy.destroy();
  return array;
}

// Starts Python and unpacks into it; `archives` are tar files, compressed or not.
export async function start(loadPyodide, options, archives) {
  const python = await loadPyodide({
    ...options,
    env: {
      HOME: "/reader",
      PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1",
      PYTHONBREAKPOINT: "0",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONNODEBUGRANGES: "1",
    },
  });
  python.registerJsModule("course_hashes", hashes);
  python.runPython(`
def unpack(data):
    import io, sys, tarfile
    with tarfile.open(fileobj=io.BytesIO(data.to_bytes())) as archive:
        archive.extractall("/", filter="data")
    if "/course/packages" not in sys.path:
        sys.path[:0] = ["/course", "/course/packages"]
`);
  const unpack = python.globals.get("unpack");
  for (const archive of archives) unpack(await archive);
  unpack.destroy();
  python.runPython("import course_openssl, course_threads");
  return python;
}
