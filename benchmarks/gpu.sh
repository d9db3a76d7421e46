#!/usr/bin/env bash
# Runs every torch workload on a GPU with nvidia-smi beside it, prints a table, packs the runs.
#
#   bash benchmarks/gpu.sh            about 7 minutes; results in ./gpu-results, or in $OUT
#   PYTHON=... DEVICE=cuda:1 bash benchmarks/gpu.sh
#
# It changes no setting of the card. Runs that would begin after 7 minutes are left out, and named.
set -uo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}
DEVICE=${DEVICE:-cuda}
OUT=${OUT:-gpu-results}
LATEST_START=${LATEST_START:-420}
LATEST_END=475
mkdir -p "$OUT"
runs=$(mktemp -d)
trap 'kill "${smi:-}" 2>/dev/null; rm -rf "$runs"' EXIT

if command -v nvidia-smi >/dev/null; then
    nvidia-smi >"$OUT/nvidia-smi.txt"
    fields=timestamp,index,uuid,utilization.gpu,memory.used,power.draw,temperature.gpu,clocks.sm
    # Older drivers know no instantaneous power, and refuse a query that names it.
    nvidia-smi --format=csv --query-gpu=power.draw.instant >/dev/null && fields+=,power.draw.instant
    nvidia-smi --format=csv --loop-ms=200 --query-gpu="$fields" >"$OUT/nvidia-smi.csv" &
    smi=$!
else
    echo "nvidia-smi is not on this machine: nothing to compare the sampler with" >&2
fi

failed=0
for execution in eager compile; do
    for precision in fp32 bf16; do
        for workload in mnist-mlp cifar10-cnn3 cifar10-cnn5; do
            name=$workload-$execution-$precision
            if ((SECONDS > LATEST_START)); then
                echo "left out for lack of time: $name" | tee -a "$OUT/left-out.txt" >&2
                continue
            fi
            "$PYTHON" profile.py --framework torch --device "$DEVICE" --workload "$workload" \
                --execution "$execution" --precision "$precision" --batch-size 256 \
                --timeout $((LATEST_END - SECONDS)) \
                --output "$runs/traces" --name "$name" --json >"$runs/$name.json" || failed=1
        done
    done
done

"$PYTHON" benchmarks/gpu_table.py "$runs"/*.json | tee "$OUT/table.md"
tar -C "$runs" -czf "$OUT/runs.tar.gz" .
echo "$SECONDS s; results in $OUT"
exit "$failed"
