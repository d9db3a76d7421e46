#!/usr/bin/env bash
# Runs every workload under torch on a GPU with nvidia-smi beside it, prints tables, packs the runs.
#
#   bash benchmarks/gpu.sh            under 10 minutes; results in ./gpu-results, or in $OUT
#   bash benchmarks/gpu.sh --dry      the same on the CPU with a few steps of each workload as it is:
#                                     shows that it gets to its end, its figures are none.
#                                     WORKLOADS=mnist-mlp ROUNDS=0 make it a short one
#   PYTHON=... DEVICE=cuda:1 PYTHON_JAX=... bash benchmarks/gpu.sh
#
# It changes no setting of the card. Runs that would begin after 7 minutes are left out, and named:
# first come all workloads as they are, then compiled, then in bfloat16. Where JAX is installed, in
# PYTHON_JAX or else PYTHON, a profile of it is recorded too. Exit code 1 if a run failed.
set -uo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}
PYTHON_JAX=${PYTHON_JAX:-$PYTHON}
OUT=${OUT:-gpu-results}
LATEST_START=${LATEST_START:-420}
LATEST_END=${LATEST_END:-540}
ALL="mnist-mlp cifar10-cnn3 cifar10-cnn5 tinyimagenet-cnn resnet18 lstm transformer matmul conv2d attention"
WORKLOADS=${WORKLOADS:-$ALL}
DEVICE=${DEVICE:-cuda} BATCH=256 FEW=() LONGEST=$LATEST_END
ROUNDS=${ROUNDS:-100}
if [[ ${1:-} == --dry ]]; then
    # One thread: several would wait for each other where others use the processors too.
    DEVICE=cpu BATCH=8 FEW=(--steps 4 --warmup 1 --profile-steps 2 --threads 1) LONGEST=120
    PLAN=${PLAN:-eager-fp32}
    echo "dry run on the CPU: what follows are no figures of a GPU" >&2
fi
PLAN=${PLAN:-eager-fp32 compile-fp32 eager-bf16 compile-bf16}
mkdir -p "$OUT"
runs=$(mktemp -d)
trap 'kill "${smi:-}" 2>/dev/null; rm -rf "$runs"' EXIT
failed=0

note() { echo "$1" | tee -a "$OUT/notes.txt" >&2; }
: >"$OUT/notes.txt"

if command -v nvidia-smi >/dev/null; then
    nvidia-smi >"$OUT/nvidia-smi.txt"
    fields=timestamp,index,uuid,utilization.gpu,memory.used,power.draw,temperature.gpu,clocks.sm
    # Older drivers know no instantaneous power, and refuse a query that names it.
    nvidia-smi --format=csv --query-gpu=power.draw.instant >/dev/null && fields+=,power.draw.instant
    nvidia-smi --format=csv --loop-ms=200 --query-gpu="$fields" >"$OUT/nvidia-smi.csv" &
    smi=$!
else
    note "nvidia-smi is not on this machine: nothing to compare the sampler with"
fi
"$PYTHON" -c 'import platform, torch; print(platform.platform(), "torch", torch.__version__)' >"$OUT/versions.txt"

# What sampling costs, with the sources that this machine has; its targets are those of a quiet one.
if ((ROUNDS < 6)); then
    note "what the sampler costs was not asked for"
elif "$PYTHON" -c 'import scipy' 2>/dev/null; then
    timeout 90 "$PYTHON" benchmarks/sampler_cost.py --hz 10 --rounds "$ROUNDS" | tee "$OUT/sampler-cost.txt"
    ((PIPESTATUS[0] == 124)) && note "what the sampler costs was not measured to its end: it took over 90 s"
else
    note "scipy is not installed: what the sampler costs was not measured"
fi

if "$PYTHON_JAX" -c 'import jax' 2>/dev/null; then
    if timeout 120 "$PYTHON_JAX" benchmarks/jax_trace.py "$runs/jax" | tee "$OUT/jax.txt"; then
        profile=$(find "$runs/jax" -name '*.xplane.pb' | head -n 1)
        "$PYTHON" benchmarks/trim_xplane.py "$profile" "$OUT/jax.xplane.pb" || note "JAX's profile is too large"
    else
        note "JAX could not be recorded"
    fi
else
    note "JAX is not installed: no profile of it was recorded"
fi

one() { # workload, execution, precision
    local name=$1-$2-$3 left=$((LATEST_END - SECONDS))
    if ((SECONDS > LATEST_START)); then
        note "left out for lack of time: $name"
        return
    fi
    "$PYTHON" profile.py --framework torch --device "$DEVICE" --workload "$1" \
        --execution "$2" --precision "$3" --batch-size "$BATCH" "${FEW[@]}" \
        --timeout $((left < LONGEST ? left : LONGEST)) \
        --output "$runs/traces" --name "$name" --json >"$runs/$name.json" || {
        note "failed: $name"
        failed=1
    }
}

for how in $PLAN; do
    for workload in $WORKLOADS; do
        one "$workload" "${how%-*}" "${how#*-}"
    done
done

for name in mnist-mlp-eager-fp32 mnist-mlp-compile-fp32; do
    trace=$runs/traces/$name/raw/kineto.json.gz
    [[ -f $trace ]] && { "$PYTHON" benchmarks/trim_trace.py "$trace" "$OUT/$name.json.gz" || note "$name is too large"; }
done
"$PYTHON" benchmarks/gpu_table.py "$runs"/*.json | tee "$OUT/table.md"
if [[ -f $OUT/nvidia-smi.csv ]]; then
    "$PYTHON" benchmarks/gpu_beside.py "$OUT/nvidia-smi.csv" "$runs"/traces/*/ | tee "$OUT/beside.md"
fi
# Without the profiles and what is made of them, which are large and can't be made smaller.
tar -C "$runs" --exclude raw --exclude tensorboard --exclude trace.json.gz --exclude weights.npz \
    --exclude '*.pftrace.gz' --exclude '*.xplane.pb' --exclude jax -czf "$OUT/runs.tar.gz" .
echo "$SECONDS s; results in $OUT"
exit "$failed"
