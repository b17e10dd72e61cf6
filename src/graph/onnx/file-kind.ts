/** What a file that is not ONNX looks like, for the error message: people pass the wrong file more often than a broken one. */

export interface FileKind {
  /** "a Git LFS pointer" */
  readonly what: string;
  readonly fix: string;
}

const exportIt = "export the model to ONNX from the framework it was made in";

interface Signature extends FileKind {
  readonly offset: number;
  readonly text: string;
}

const signatures: readonly Signature[] = [
  {
    offset: 0,
    text: "version https://git-lfs",
    what: "a Git LFS pointer, not the file it stands for",
    fix: "run `git lfs pull` where the file was cloned, or download the file itself",
  },
  { offset: 4, text: "TFL3", what: "a TensorFlow Lite model", fix: "convert it with tf2onnx" },
  {
    offset: 4,
    text: "ORTM",
    what: "an onnxruntime (.ort) model",
    fix: "pass the ONNX file that it was made from",
  },
  {
    offset: 0,
    text: "PK\x03\x04",
    what: "a zip archive, as PyTorch saves models",
    fix: "export with torch.onnx.export, or unpack the archive if it holds a .onnx file",
  },
  { offset: 0, text: "\x80\x02", what: "a Python pickle", fix: "export with torch.onnx.export" },
  { offset: 0, text: "\x89HDF", what: "an HDF5 file, as Keras saves models", fix: "convert it with tf2onnx" },
  { offset: 0, text: "\x1f\x8b", what: "a gzip archive", fix: "unpack it and pass the .onnx file" },
  { offset: 0, text: "GGUF", what: "a GGUF file", fix: exportIt },
];

/** What the bytes look like, or undefined if they look like nothing known. */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  if (bytes.length === 0) return { what: "an empty file", fix: "fetch or export it again" };
  const head = latin1(bytes.subarray(0, 512));
  const found = signatures.find(({ offset, text }) => head.startsWith(text, offset));
  if (found !== undefined) return found;
  if (bytes.length > 8 && head.startsWith('{"', 8)) return { what: "a safetensors file", fix: exportIt };
  const start = head.trimStart().toLowerCase();
  if (/^<(?:!doctype|html|head|\?xml)/.test(start)) {
    return {
      what: "a web page",
      fix: "the download gave a page instead of the file: use the raw file's address",
    };
  }
  if (/^[{[]/.test(start)) return { what: "JSON", fix: exportIt };
  if (/^[\t\r\n\x20-\x7e]{16,}$/.test(head)) return { what: "a text file", fix: exportIt };
  return undefined;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
