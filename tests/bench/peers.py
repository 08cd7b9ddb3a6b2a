"""The allocators that are compared, and the programs that they are compared with.

tests/bench/allocators, flat, instructions and memory are the commands. They have this in common.
"""

import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build" / "release"
RESULTS = ROOT / "build" / "bench"
PROGRAMS = RELEASE / "tests" / "bench" / "programs"

# A name, the library to preload, and Debian's package that has it.
PEERS = [
    ("mimalloc", "libmimalloc.so.2.0", "libmimalloc2.0"),
    ("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    ("tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    ("tbbmalloc", "libtbbmalloc_proxy.so.2", "libtbbmalloc2"),
]


def refuse(sentence):
    print(f"bench/{Path(sys.argv[0]).name}: {sentence}", file=sys.stderr)
    sys.exit(2)


def said_by(*command):
    """What the command prints, or nothing if it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def can_preload(library):
    """The loader only warns of a library that it does not find, and runs the program without it."""
    environment = dict(os.environ, LD_PRELOAD=str(library))
    return subprocess.run(["env", "true"], env=environment, capture_output=True).stderr == b""


def version_of(package):
    version = said_by("dpkg-query", "-W", "-f", "${Version}", package)
    return version.split(":")[-1].split("-")[0].split("+")[0]


class Allocator:
    def __init__(self, name, library, version=""):
        self.name = name
        self.library = str(library)  # - preloads nothing.
        self.version = version


def all_allocators():
    """Every allocator that is here, glibc's first and ours second."""
    scudo = Path(said_by("clang", "--print-resource-dir")) / "lib" / "linux"
    scudo /= f"libclang_rt.scudo_standalone-{platform.machine()}.so"
    found = [
        Allocator("glibc", "-", platform.libc_ver()[1]),
        Allocator("comheap", RELEASE / "src" / "libcomheap-malloc.so"),
        *(Allocator(name, library, version_of(package)) for name, library, package in PEERS),
        Allocator("scudo", scudo, scudo.parents[2].name),
    ]
    return [each for each in found if each.library == "-" or can_preload(each.library)]


def choose_allocators(chosen):
    """Those of NAME or NAME=LIBRARY; all, if none is named."""
    here = {each.name: each for each in all_allocators()}
    if not chosen:
        for name in ("comheap", *(name for name, _, _ in PEERS), "scudo"):
            if name not in here:
                print(f"{name} is left out: its library is not here", file=sys.stderr)
        return list(here.values())
    allocators = []
    for text in chosen:
        name, _, library = text.partition("=")
        if library and not can_preload(os.path.abspath(library)):
            refuse(f"{library} can't be preloaded")
        if not library and name not in here:
            refuse(f"there is no allocator '{name}' here: {', '.join(here)}, or NAME=LIBRARY")
        if name in (each.name for each in allocators):
            refuse(f"'{name}' is named twice")
        allocators.append(Allocator(name, os.path.abspath(library)) if library else here[name])
    return allocators


def build():
    """Builds the programs, and our library, as they ship."""
    if subprocess.run([ROOT / ".ci" / "setup", "bench"]).returncode != 0:
        sys.exit(2)
    RESULTS.mkdir(parents=True, exist_ok=True)
    compile_release(RELEASE, ["bench_programs"])


def compile_release(folder, targets, *options):
    """Builds targets in a folder, as they ship except for the options of CMake."""
    configure = ["cmake", "--preset", "release", "-B", str(folder), *options]
    for command in (configure, ["cmake", "--build", str(folder), "--target", *targets]):
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if ran.returncode != 0:
            refuse(f"{' '.join(command)} failed:\n{ran.stdout}{ran.stderr}")


def add_options(parser, repeat=None):
    """The options that the commands have in common; --repeat only where it has a default."""
    parser.add_argument("--allocator", action="append", metavar="NAME[=LIBRARY]",
                        help="compare only these; with a LIBRARY, any that can be preloaded")
    if repeat:
        parser.add_argument("--repeat", type=int, default=repeat, metavar="N",
                            help=f"repetitions ({repeat})")


def parse(parser):
    chosen = parser.parse_args()
    if getattr(chosen, "repeat", 1) < 1:
        refuse(f"--repeat takes a number above 0, not {chosen.repeat}")
    return chosen


class Failed(Exception):
    """A program ended badly; what it said last."""


def limit_addresses(limit_mib):
    if limit_mib:
        resource.setrlimit(resource.RLIMIT_AS, (limit_mib << 20, limit_mib << 20))


def measure(allocator, command, limit_mib=None):
    """The words that the program printed, and seconds, processor seconds and peak in KiB."""
    ran = subprocess.run([str(PROGRAMS / "measure"), allocator.library, *command],
                         cwd=ROOT / "tests", capture_output=True, text=True,
                         preexec_fn=lambda: limit_addresses(limit_mib))
    if ran.returncode != 0:
        raise Failed((ran.stderr.strip() or "it says nothing").splitlines()[-1])
    return ran.stdout.split()


def publish(name, text):
    """Prints it, and writes it to build/bench."""
    (RESULTS / name).write_text(text)
    print(text)


def progress(text):
    """A line that the next one replaces; none where no terminal shows it."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def machine():
    """One line about where this was measured."""
    processor = "an unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.split(":")[1].strip()
    huge = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    pages = huge.read_text().split("[")[1].split("]")[0] if huge.exists() else "unknown"
    return (f"{processor}, {os.cpu_count()} processors, Linux {platform.release()}, "
            f"transparent huge pages: {pages}")


def versions(allocators):
    return ", ".join(f"{each.name} {each.version}".strip() for each in allocators)


def table(header, rows):
    """Markdown; the first column is text, the others are numbers."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
