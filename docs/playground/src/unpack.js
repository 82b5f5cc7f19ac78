// What the build has packed as .xz.

import { XzReadableStream } from "xz-decompress";

// Whole: it unpacks one file at a time, and whoever waited for another's end would wait for ever.
export const unpacked = (blob) => new Response(new XzReadableStream(blob.stream())).arrayBuffer();
