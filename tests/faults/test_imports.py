"""Importing the zoo does nothing but that."""

import subprocess
import sys

WATCHED = """
import sys
done = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        done.append(f"writes {arguments[0]}")
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        done.append(f"{event} {arguments}")
sys.addaudithook(watch)
import zoo
%s
print(*done, sep="\\n")
"""
EVERYTHING = "for name in zoo.__all__: getattr(zoo, name)"


def test_importing_writes_no_file_asks_no_server_and_warns_of_nothing(tmp_path):
    for line in ("", EVERYTHING):
        program = [sys.executable, "-B", "-c", WATCHED % line]
        done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=tmp_path)
        assert done.stdout.strip() == ""
        assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_importing_takes_in_no_torch_before_it_is_needed():
    line = "import sys, zoo; print(sorted({'torch', 'lightning', 'wandb', 'numpy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
