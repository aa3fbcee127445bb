"""Run code in a project. Many tests share one Python process, which is slow to start."""

import json
import subprocess
from pathlib import Path

# Read code as JSON strings, one on each line. Run it, and print the value of `result` or the error.
LOOP = """
import io, json, sys, traceback
import django
django.setup()
answers = sys.stdout
for line in sys.stdin:
    sys.stdout = output = io.StringIO()
    space = {}
    try:
        exec(json.loads(line), space)
        answer = {"result": space.get("result")}
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        answer = {"error": str(error), "kinds": kinds, "traceback": traceback.format_exc()}
    answer["output"] = output.getvalue()
    print(json.dumps(answer, default=str), file=answers, flush=True)
"""

# Upload 200 MB to the storage and download it again. The result is by how many MB the upload and
# the download raise the peak memory, whether the content is the same, and its size.
MEMORY = """
import hashlib
from tempfile import TemporaryFile
def peak():
    return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024
with TemporaryFile() as file:
    block = bytes(range(256)) * 4096
    digest = hashlib.sha256()
    for _ in range(200):
        file.write(block)
        digest.update(block)
    # A small file first, so that the memory of the library itself is not counted.
    storage.open(storage.save('small.bin', ContentFile(b'x'))).close()
    before = peak()
    name = storage.save('200.bin', File(file, name='200.bin'))
    up = peak() - before
received = hashlib.sha256()
with storage.open(name) as file:
    for chunk in file.chunks():
        received.update(chunk)
result = up, peak() - before, received.hexdigest() == digest.hexdigest(), storage.size(name)
storage.delete(name)
"""


class Failed(Exception):
    """An error of the code in the project; `kinds` are the names of its classes."""

    def __init__(self, answer: dict) -> None:
        super().__init__(answer["traceback"])
        self.kinds, self.said = answer["kinds"], answer["error"]


class Console:
    """A process with the Django settings of a project, in which warnings are errors."""

    def __init__(self, python: Path, project: Path, env: dict[str, str]) -> None:
        self.log = project.parent / f"{project.name}-console.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), "-W", "error", "-c", LOOP],
                cwd=project,
                env=env | {"DJANGO_SETTINGS_MODULE": "config.settings"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
            )

    def run(self, code: str):
        """Run code; return the value of `result`. Raise Failed if the code raises an error."""
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.log.read_text(encoding="utf-8")
        answer = json.loads(line)
        self.output = answer["output"]
        if "error" in answer:
            raise Failed(answer)
        return answer["result"]

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=10)
