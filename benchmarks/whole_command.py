"""The command as people run it against a process that only reads the file with `json.loads`.

`PYTHONPATH=. python benchmarks/whole_command.py [rounds]` writes 20,000 records in Portuguese, about 100 MB, with an
address in each tenth and a CPF in each fiftieth, and runs by turns: the loop, `tuning check` with every rule on
one core and on two, and on a small file, whose time is nearly all start-up. Whole processes, start-up
included; best and median of all rounds, of elapsed and of processor time.
"""

import compileall
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = (
    "olá preciso de ajuda com a minha conta não consigo acessar o sistema desde ontem às dez horas já tentei "
    "várias vezes redefinir senha código verificação atenção obrigado São João informação pedido número "
    "pagamento boleto cartão entrega endereço reclamação"
).split()
MODEL = "amazon.nova-micro-v1:0:128k"
LOOP = "import json, sys\nfor line in open(sys.argv[1], 'rb'): json.loads(line)"
CHECK = "from tuning.__main__ import run; run()"


def write(path: Path, records: int) -> None:
    rng = random.Random(5)  # noqa: S311 — reproducible, no secret
    with path.open("w", encoding="utf-8") as file:
        for i in range(records):
            asked, answer = (" ".join(rng.choices(WORDS, k=330)) for _ in "ab")
            asked += f" meu e-mail é cliente{i}@empresa.com.br" if i % 10 == 0 else ""
            asked += " CPF 529.982.247-25" if i % 50 == 0 else ""
            turns = [
                {"role": "user", "content": [{"text": asked}]},
                {"role": "assistant", "content": [{"text": answer}]},
            ]
            record = {
                "schemaVersion": "bedrock-conversation-2024",
                "system": [{"text": "Você é um assistente."}],
                "messages": turns,
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def spent(*words: str) -> tuple[float, float]:
    """Elapsed and processor seconds of a process and its children."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 — our own words
    after, ended = os.times(), time.perf_counter()
    used = after.children_user + after.children_system
    return ended - begun, used - before.children_user - before.children_system


def main(rounds: int) -> None:
    # As pip leaves a package: without, what was changed last is compiled anew by each process, 0.08 s of start-up.
    compileall.compile_dir(str(Path(__file__).parents[1] / "tuning"), quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.jsonl", Path(folder) / "small.jsonl"
        write(large, 20_000)
        write(small, 100)
        command = ("-c", CHECK, "check", "--model", MODEL, "--format", "json", "--jobs")
        runs = {
            "python -c pass": ("-c", "pass"),
            "json.loads loop": ("-c", LOOP, str(large)),
            "tuning check, 1 core": (*command, "1", str(large)),
            "tuning check, 2 cores": (*command, "2", str(large)),
            "tuning check, 100 records": (*command, "1", str(small)),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, words in runs.items():
                times[name].append(spent(*words))
        print(f"{large.stat().st_size / 1e6:.0f} MB, {rounds} rounds")
        loop = times["json.loads loop"]
        for name, taken in times.items():
            best = [min(one) for one in zip(*taken, strict=True)]
            median = [statistics.median(one) for one in zip(*taken, strict=True)]
            ratio = [min(one) / max(best[i], 0.01) for i, one in enumerate(zip(*loop, strict=True))]
            print(
                f"{name:26} elapsed {best[0]:.2f} s (median {median[0]:.2f}), {ratio[0]:.2f} x the loop; "
                f"processor {best[1]:.2f} s (median {median[1]:.2f}), {ratio[1]:.2f} x"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
