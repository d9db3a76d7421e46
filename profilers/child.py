"""The measured process: imports one framework, builds, trains, profiles, evaluates, infers."""

import math
import platform
import sys
import traceback
from pathlib import Path

from profilers import backend as backends
from profilers import peaks, planted, rundir, subject
from profilers.backend import Backend
from profilers.measure import Measurement, extent
from profilers.process import guarded
from profilers.protocol import Channel, Hello
from profilers.recorder import Recorder
from profilers.records import SCHEMA, Result, RunRecord
from profilers.rundir import CheckFailedError
from workloads import flops, weights
from workloads.batches import BatchOrder
from workloads.native import NativeWorkload

DOUBTFUL_BUILD_RATIO = 1.05


def main() -> int:
    """Measure the run whose directory is the only argument."""
    run = Path(sys.argv[1])
    return guarded(lambda channel: measure(run, channel))


def measure(run: Path, channel: Channel) -> None:
    """All phases of one run, from the import to result.json."""
    record = rundir.read_json(run / rundir.RUN, RunRecord)
    recorder = Recorder(run, channel)
    with recorder.marks.of_collector():
        result = _measured(run, record, recorder)
    rundir.write_json(run / rundir.RESULT, result)


def _measured(run: Path, record: RunRecord, recorder: Recorder) -> Result:
    with recorder.phase("import"):
        backend = backends.create(record.settings)
    recorder.read_memory_by(backend.memory)
    environment = backend.environment()
    rundir.write_json(run / rundir.ENVIRONMENT, environment)
    recorder.channel.send(Hello(platform.python_version(), environment.versions, SCHEMA))
    try:
        return _phases(run, record, backend, recorder)
    except Exception as error:
        sentence = backend.explain(error)
        if sentence is None:
            raise
        traceback.print_exc()
        raise CheckFailedError(sentence) from error


def _phases(run: Path, record: RunRecord, backend: Backend, recorder: Recorder) -> Result:
    settings = record.settings
    workload = subject.find(settings)
    with recorder.phase("build"):
        backend.watch(recorder.marks.note)
        backend.build(workload, subject.initial_weights(settings, workload))
    if told := str(planted.of(workload)):
        recorder.warn(f"planted: {told}")
    weights_sha256 = weights.fingerprint(backend.weights())
    with recorder.phase("data"):
        samples = subject.samples(record.data)
        backend.load(samples)
    training = settings.mode == "train"
    count = record.data.train_count if training else record.data.test_count
    order = BatchOrder(count, settings.batch_size, settings.seed)
    measurement = Measurement(backend, order, recorder)
    measurement.first_step()
    window = measurement.warm_up(settings.warmup)
    wanted = extent(settings, order.steps_per_epoch, backend.asynchronous)
    timed_steps, timed_ms = measurement.timed(wanted, window)
    trained = backend.weights()
    if training:
        weights.save(run / rundir.WEIGHTS, trained)
    with recorder.phase("evaluation"):
        accuracy, test_loss = backend.evaluate(settings.batch_size)
    build_ms = measurement.profiled(run / rundir.RAW, settings.profile_steps, timed_steps)
    measurement.infer(settings.batch_size)
    framework_memory = dict(recorder.memory_peaks)
    with recorder.phase("peaks", seconds=peaks.SECONDS):
        peak = peaks.measure(backend, recorder.warn)
    return Result(
        parameters=workload.parameter_count,
        weights_sha256=weights_sha256,
        data_sha256=record.data.sha256,
        batches=measurement.digests,
        parameter_norm=_finite(weights.norm(trained)),
        steps_per_epoch=order.steps_per_epoch,
        trained_steps=timed_steps if training else 0,
        accuracy=accuracy,
        test_loss=_finite(test_loss),
        framework_memory=framework_memory,
        flops_per_step=None
        if isinstance(workload, NativeWorkload)
        else flops.per_step(workload, settings.batch_size, training),
        peak_flops_per_second=peak.flops_per_second,
        peak_bytes_per_second=peak.bytes_per_second,
        profiled_build_ratio=_build_ratio(build_ms, timed_ms, recorder),
        warnings=recorder.warnings,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _build_ratio(build_ms: float | None, timed_ms: float, recorder: Recorder) -> float | None:
    if build_ms is None:
        return None
    ratio = build_ms / timed_ms
    if not 1 / DOUBTFUL_BUILD_RATIO <= ratio <= DOUBTFUL_BUILD_RATIO:
        recorder.warn(
            f"the build that was profiled takes {ratio:.2f} × as long per unprofiled step as the "
            "timed one; its operations are indicative."
        )
    return ratio


if __name__ == "__main__":
    sys.exit(main())
