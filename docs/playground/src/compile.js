// For the build: compiles the modules in tar files with the very Python that will import them.
// node compile.js IN.tar OUT.tar IN.tar OUT.tar …

import { readFileSync, writeFileSync } from "node:fs";

import { loadPyodide } from "pyodide";

const files = process.argv.slice(2);
const python = await loadPyodide({ env: { HOME: "/", PYTHONNODEBUGRANGES: "1" } });
python.runPython(`
import ast, io, tarfile
from importlib._bootstrap_external import _code_to_hash_pyc

DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

def compiled(name, source):
    # With a full stop for documentation, which nobody reads here: a third of the size. None at
    # all would be too little: SQLAlchemy insists on some.
    tree = ast.parse(source, name)
    for node in ast.walk(tree):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node, clean=False) is not None:
            node.body[0].value.value = "."
    return bytes(_code_to_hash_pyc(compile(tree, name, "exec", dont_inherit=True), bytes(8), False))

def compile_all():
    with tarfile.open("/in.tar") as sources, tarfile.open("/out.tar", "w") as target:
        for member in sources:
            name, data = member.name, sources.extractfile(member).read()
            if name.endswith(".py"):
                name, data = f"{name}c", compiled(f"/{name}", data)
            entry = tarfile.TarInfo(name)  # of its own: a long name is kept elsewhere in it too
            entry.size = len(data)
            target.addfile(entry, io.BytesIO(data))
`);
for (let place = 0; place < files.length; place += 2) {
  python.FS.writeFile("/in.tar", new Uint8Array(readFileSync(files[place])));
  python.runPython("compile_all()");
  writeFileSync(files[place + 1], python.FS.readFile("/out.tar"));
}
