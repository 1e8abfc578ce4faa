"""Run the tests of the `ipp` backend on an emulated processor with AVX-512 IFMA.

    python tools/emulate_avx512.py --kernel boot/vmlinuz-6.1.0-56-cloud-amd64

Bochs emulates the processor and boots a Linux kernel whose whole file system is this Python, the packages that the
tests need, and this project. What the command prints comes out here, and so does its exit code. It takes a quarter
of an hour and more. A second of the emulated machine is 50 million instructions, so the speeds that it measures
compare numbers of instructions, not times.

On Debian: apt install bochs busybox-static isolinux syslinux-common xorriso. A kernel without installing it:
apt download linux-image-cloud-amd64 names the package that holds it; dpkg-deb -x unpacks that.
"""

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from textwrap import dedent

from guest_files import ROOT, lay_out

COMMAND = (
    "python3 -m accountmap_cli backends && python3 -m pytest -vv --color=no -p no:cacheprovider"
    " tests/curve/test_backends.py -k 'library or (ipp and not stand)'"
)
ISOLINUX = ("/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32")
ENDED = "the command ended with exit code "

KERNEL_OPTIONS = "console=ttyS0 quiet nokaslr mitigations=off panic=-1 clearcpuid=515,580,321,323"
"""Without what Bochs 2.7 has by half and Linux 6.1 stumbles over: protection keys (515), whose state takes no
bytes; fast short copies (580) where others are off; saved states in compact form (321, 323), of wrong size."""

OPENSSL_OPTIONS = "OPENSSL_ia32cap=:~0x80000"
"""Without ADCX and ADOX: with them, OpenSSL's products come out wrong on Bochs 2.7."""

MACHINE = """\
cpu: model=corei7_icelake_u, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest=1024, host=1024
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0: enabled=1
ata0-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=console.txt
log: bochs.log
error: action=ignore
clock: sync=none
display_library: rfb, options="timeout=0"
"""


def main() -> None:
    """Build the machine, run the command in it, and end as the command ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", type=Path, required=True, help="a Linux kernel for PCs, bzImage")
    parser.add_argument("--minutes", type=float, default=60, help="give up after so long")
    parser.add_argument("command", nargs="?", default=COMMAND, help="a script for the shell, run in the project")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), options.kernel, options.command)
        sys.exit(run(Path(folder), options.minutes))


def build(folder: Path, kernel: Path, command: str) -> None:
    """Write the disc that the machine boots from, and its description."""
    root, disc = folder / "root", folder / "disc"
    lay_out(root)
    (root / "bin").mkdir(exist_ok=True)
    shutil.copy2("/bin/busybox", root / "bin")
    (root / "command").write_text(command)
    (root / "init").write_text(init())
    (root / "init").chmod(0o755)
    (disc / "isolinux").mkdir(parents=True)
    names = "".join(f"{file.relative_to(root)}\n" for file in sorted(root.rglob("*")))
    with (disc / "initrd").open("wb") as archive:
        subprocess.run(
            ["busybox", "cpio", "-o", "-H", "newc"], cwd=root, input=names.encode(), stdout=archive, check=True
        )
    shutil.rmtree(root)
    shutil.copy(kernel, disc / "vmlinuz")
    for file in ISOLINUX:
        shutil.copy(file, disc / "isolinux")
    (disc / "isolinux/isolinux.cfg").write_text(
        f"DEFAULT linux\nLABEL linux\nKERNEL /vmlinuz\nAPPEND initrd=/initrd {KERNEL_OPTIONS}\n"
    )
    boot = ["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4"]
    subprocess.run(
        ["xorriso", "-as", "mkisofs", "-quiet", "-o", folder / "boot.iso", *boot, "-boot-info-table", disc],
        check=True,
    )
    (folder / "machine").write_text(MACHINE)
    (folder / "go").write_text("c\n")  # Debian's Bochs stops in its debugger at first


def init() -> str:
    """Return the script that the kernel starts, which runs the one that is called command."""
    python_path = ":".join([sysconfig.get_path("purelib"), *(str(ROOT / part) for part in ("src", "cli", "."))])
    return dedent(f"""\
        #!/bin/busybox sh
        /bin/busybox --install -s /bin
        mkdir -p /proc /sys /dev /tmp
        mount -t proc proc /proc
        mount -t sysfs sys /sys
        mount -t devtmpfs dev /dev
        mkdir -p /dev/shm
        mount -t tmpfs shm /dev/shm
        ip link set lo up
        export HOME=/tmp PATH={sys.base_prefix}/bin:/bin PYTHONPATH={python_path}
        export PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 {OPENSSL_OPTIONS}
        cd {ROOT}
        sh /command
        echo "{ENDED}$?"
        sleep 5
        poweroff -f
        """)


def run(folder: Path, minutes: float) -> int:
    """Run the machine, print what comes out of it, and return the exit code of the command in it."""
    bochs = subprocess.Popen(
        ["bochs-bin", "-q", "-f", "machine", "-rc", "go"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline, shown = time.monotonic() + 60 * minutes, 0
    output = folder / "console.txt"
    output.touch()
    try:
        while bochs.poll() is None and time.monotonic() < deadline:
            time.sleep(1)
            console = output.read_text("utf-8", "replace")
            print(console[shown:], end="", flush=True)
            shown = len(console)
            if ENDED in console and console.endswith("\n"):
                return int(console.partition(ENDED)[2].split()[0])
    finally:
        bochs.kill()
        bochs.wait()
    print("the machine ended before the command, or took too long", file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
