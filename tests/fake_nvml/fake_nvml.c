/* A libnvidia-ml.so.1 whose GPUs play a script, for machines without a GPU.
 *
 * The file named by FAKE_NVML_SCRIPT is read when the library is initialised; script.py writes it.
 * A line is a keyword and its words. DEVICE is a number, GPUs from 0 on first and MIG instances
 * after them, or * for all; FUNCTION is a name of NVML or *; all times are in seconds from ORIGIN.
 *
 *   origin NANOSECONDS                    the script's time 0, on CLOCK_MONOTONIC
 *   gpus COUNT
 *   driver VERSION
 *   text DEVICE uuid|name WORDS
 *   instance DEVICE PARENT                a MIG instance of a GPU
 *   constant DEVICE FIGURE HOLD VALUE
 *   ramp     DEVICE FIGURE HOLD FIRST LAST BEGIN END
 *   square   DEVICE FIGURE HOLD LOW HIGH PERIOD HIGH_FOR
 *   counter  DEVICE energy HOLD VALUE     VALUE and the integral of the power since ORIGIN
 *   process  DEVICE PID BYTES BEGIN END   BYTES of -1: the driver does not tell
 *   fail     DEVICE FUNCTION CODE BEGIN END
 *   fail     DEVICE field:NUMBER CODE BEGIN END
 *
 * A figure is the last value of its signal at a multiple of HOLD, which is how a sensor with that
 * period shows it; 0 shows every moment. What the script has no signal for is not supported.
 * Units are those of NVML: %, bytes, mW, mJ, degrees Celsius, MHz, KB/s.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SUCCESS = 0,
    UNINITIALIZED = 1,
    INVALID_ARGUMENT = 2,
    NOT_SUPPORTED = 3,
    NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7,
    UNKNOWN = 999
};
enum { FIELD_ENERGY = 83, FIELD_POWER_AVERAGE = 185, FIELD_POWER_INSTANT = 186 };
enum { UNSIGNED_INT = 1, UNSIGNED_LONG_LONG = 3 };
enum { AMPERE = 7, CLOCK_KIND_MEMORY = 2, NO_INSTANCE = -1 };
enum { SCOPE_GPU = 0, SCOPE_MODULE = 1 };
enum { MOST_DEVICES = 16, MOST_SIGNALS = 256, MOST_FAULTS = 64, MOST_PROCESSES = 64, WORD = 96 };

typedef int Status;
typedef enum { CONSTANT, RAMP, SQUARE, COUNTER } Shape;

typedef struct {
    int number;
    int parent; /* NO_INSTANCE for a whole GPU */
    char uuid[WORD], name[WORD];
} Device;

typedef struct {
    int device;
    char figure[WORD];
    Shape shape;
    double hold_s;
    double of[4]; /* what stands behind HOLD in the script */
} Signal;

typedef struct {
    int device; /* -1: all, and what concerns none */
    char function[WORD];
    Status code;
    double begin_s, end_s;
} Fault;

typedef struct {
    int device;
    unsigned pid;
    long long bytes;
    double begin_s, end_s;
} Holder;

static struct {
    long long origin_ns;
    int gpu_count, device_count, signal_count, fault_count, holder_count, users;
    char driver[WORD];
    Device devices[MOST_DEVICES];
    Signal signals[MOST_SIGNALS];
    Fault faults[MOST_FAULTS];
    Holder holders[MOST_PROCESSES];
} script;

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

/* ---- reading the script ---- */

static int device_number(const char *word) { return strcmp(word, "*") ? atoi(word) : -1; }

static Device *device_of(const char *word) {
    int number = device_number(word);
    if (number < 0 || number >= MOST_DEVICES) return NULL;
    while (script.device_count <= number) {
        Device *made = &script.devices[script.device_count];
        made->number = script.device_count++;
        made->parent = NO_INSTANCE;
    }
    return &script.devices[number];
}

static int take_text(const char *device, const char *what, const char *words) {
    Device *found = device_of(device);
    if (!found) return 0;
    snprintf(strcmp(what, "uuid") ? found->name : found->uuid, WORD, "%s", words);
    return 1;
}

static int take_signal(Shape shape, int values, const char *rest) {
    Signal *made = &script.signals[script.signal_count];
    char device[WORD];
    int read = sscanf(rest, "%95s %95s %lf %lf %lf %lf %lf", device, made->figure, &made->hold_s,
                      &made->of[0], &made->of[1], &made->of[2], &made->of[3]);
    if (read != 3 + values || script.signal_count + 1 == MOST_SIGNALS) return 0;
    made->shape = shape;
    made->device = device_number(device);
    script.signal_count++;
    return 1;
}

static int take_fault(const char *rest) {
    Fault *made = &script.faults[script.fault_count];
    char device[WORD];
    if (sscanf(rest, "%95s %95s %d %lf %lf", device, made->function, &made->code, &made->begin_s,
               &made->end_s) != 5 || script.fault_count + 1 == MOST_FAULTS)
        return 0;
    made->device = device_number(device);
    script.fault_count++;
    return 1;
}

static int take_holder(const char *rest) {
    Holder *made = &script.holders[script.holder_count];
    if (sscanf(rest, "%d %u %lld %lf %lf", &made->device, &made->pid, &made->bytes, &made->begin_s,
               &made->end_s) != 5 || script.holder_count + 1 == MOST_PROCESSES)
        return 0;
    script.holder_count++;
    return 1;
}

static int take_line(const char *keyword, const char *rest) {
    char device[WORD], what[WORD], words[WORD];
    if (!strcmp(keyword, "origin")) return sscanf(rest, "%lld", &script.origin_ns) == 1;
    if (!strcmp(keyword, "gpus")) return sscanf(rest, "%d", &script.gpu_count) == 1;
    if (!strcmp(keyword, "driver")) return sscanf(rest, "%95s", script.driver) == 1;
    if (!strcmp(keyword, "constant")) return take_signal(CONSTANT, 1, rest);
    if (!strcmp(keyword, "ramp")) return take_signal(RAMP, 4, rest);
    if (!strcmp(keyword, "square")) return take_signal(SQUARE, 4, rest);
    if (!strcmp(keyword, "counter")) return take_signal(COUNTER, 1, rest);
    if (!strcmp(keyword, "fail")) return take_fault(rest);
    if (!strcmp(keyword, "process")) return take_holder(rest);
    if (!strcmp(keyword, "text") && sscanf(rest, "%95s %95s %95[^\n]", device, what, words) == 3)
        return take_text(device, what, words);
    if (!strcmp(keyword, "instance") && sscanf(rest, "%95s %95s", device, what) == 2) {
        Device *made = device_of(device);
        if (made) made->parent = atoi(what);
        return made != NULL;
    }
    return 0;
}

static int read_script(void) { /* a line that is not understood ends the test, not just the line */
    const char *path = getenv("FAKE_NVML_SCRIPT");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[512], keyword[WORD];
    int length, understood = file != NULL;
    while (understood && fgets(line, sizeof line, file)) {
        understood = sscanf(line, "%95s %n", keyword, &length) == 1 &&
                     take_line(keyword, line + length);
        if (!understood) fprintf(stderr, "fake NVML does not understand: %s", line);
    }
    if (file) fclose(file);
    if (understood && script.gpu_count > 0) {
        char last[WORD];
        snprintf(last, sizeof last, "%d", script.gpu_count - 1);
        return device_of(last) != NULL;
    }
    return understood;
}

/* ---- signals as functions of time ---- */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec * 1000000000ll + now.tv_nsec - script.origin_ns) / 1e9;
}

static double between(double low, double value, double high) {
    return fmin(fmax(low, value), high);
}

static double at(const Signal *signal, double time_s) {
    const double *of = signal->of;
    switch (signal->shape) {
    case RAMP: return of[0] + (of[1] - of[0]) * between(0, (time_s - of[2]) / (of[3] - of[2]), 1);
    case SQUARE: return time_s - of[2] * floor(time_s / of[2]) < of[3] ? of[1] : of[0];
    default: return of[0];
    }
}

static double integral(const Signal *signal, double time_s) { /* from 0, in units times seconds */
    const double *of = signal->of;
    if (signal->shape == RAMP) {
        double span_s = of[3] - of[2], inside_s = between(0, time_s - of[2], span_s);
        double after_s = fmax(0, time_s - of[3]), slope = (of[1] - of[0]) / span_s;
        return of[0] * (time_s - after_s) + slope * inside_s * inside_s / 2 + of[1] * after_s;
    }
    if (signal->shape == SQUARE) {
        double periods = floor(time_s / of[2]), rest_s = time_s - of[2] * periods;
        double high_s = periods * of[3] + fmin(rest_s, of[3]);
        return of[0] * (time_s - high_s) + of[1] * high_s;
    }
    return of[0] * time_s;
}

static const Signal *signal_of(int device, const char *figure) {
    for (int i = 0; i < script.signal_count; i++)
        if (script.signals[i].device == device && !strcmp(script.signals[i].figure, figure))
            return &script.signals[i];
    return NULL;
}

static double held_s(const Signal *signal) {
    double time_s = now_s();
    return signal->hold_s > 0 ? signal->hold_s * floor(time_s / signal->hold_s) : time_s;
}

static double figure(const Device *device, const char *name, Status *status) {
    const Signal *signal = signal_of(device->number, name);
    if (!signal) {
        *status = NOT_SUPPORTED;
        return 0;
    }
    if (signal->shape != COUNTER) return at(signal, held_s(signal));
    const Signal *power = signal_of(device->number, "power");
    return signal->of[0] + (power ? integral(power, held_s(signal)) : 0);
}

static double told(const Device *device, const char *name) { /* 0 for what is not supported */
    Status status;
    return figure(device, name, &status);
}

static double mean_of_last_second(const Device *device, const char *name, Status *status) {
    const Signal *signal = signal_of(device->number, name);
    if (!signal) return figure(device, name, status);
    double end_s = held_s(signal);
    return integral(signal, end_s) - integral(signal, end_s - 1);
}

/* ---- what every call begins with ---- */

static Status fault_at(int device, const char *function) {
    double time_s = now_s();
    for (int i = 0; i < script.fault_count; i++) {
        const Fault *fault = &script.faults[i];
        if (fault->device != -1 && fault->device != device) continue;
        int meant = !strcmp(fault->function, function) ||
                    (!strcmp(fault->function, "*") && device != -1);
        if (meant && time_s >= fault->begin_s && time_s < fault->end_s) return fault->code;
    }
    return SUCCESS;
}

static Status begin(const Device *device, const char *function) {
    if (!script.users) return UNINITIALIZED;
    int known = device >= script.devices && device < script.devices + script.device_count;
    return known ? fault_at(device->number, function) : INVALID_ARGUMENT;
}

#define BEGIN(device)                              \
    Status status = begin((device), __func__);     \
    if (status != SUCCESS) return status

static Status copy_text(char *target, unsigned size, const char *source) {
    if (strlen(source) + 1 > size) return INSUFFICIENT_SIZE;
    strcpy(target, source);
    return SUCCESS;
}

/* ---- the library itself ---- */

Status nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    Status status = SUCCESS;
    pthread_mutex_lock(&starting);
    if (!script.users && !read_script()) status = UNKNOWN;
    if (!status) status = fault_at(-1, "nvmlInitWithFlags");
    if (!status) script.users++;
    pthread_mutex_unlock(&starting);
    return status;
}

Status nvmlInit_v2(void) { return nvmlInitWithFlags(0); }

Status nvmlShutdown(void) {
    pthread_mutex_lock(&starting);
    Status status = script.users ? SUCCESS : UNINITIALIZED;
    script.users -= script.users > 0;
    if (!script.users) memset(&script, 0, sizeof script);
    pthread_mutex_unlock(&starting);
    return status;
}

const char *nvmlErrorString(Status status) { /* pynvml has texts for all that it knows */
    (void)status;
    return "an error of the fake NVML";
}

Status nvmlSystemGetDriverVersion(char *target, unsigned size) {
    Status status = script.users ? fault_at(-1, __func__) : UNINITIALIZED;
    return status ? status : copy_text(target, size, script.driver);
}

Status nvmlSystemGetCudaDriverVersion_v2(int *version) {
    Status status = script.users ? fault_at(-1, __func__) : UNINITIALIZED;
    *version = 13000;
    return status;
}

/* ---- finding devices ---- */

Status nvmlDeviceGetCount_v2(unsigned *count) {
    Status status = script.users ? fault_at(-1, __func__) : UNINITIALIZED;
    *count = (unsigned)script.gpu_count;
    return status;
}

Status nvmlDeviceGetHandleByIndex_v2(unsigned index, Device **device) {
    if (!script.users) return UNINITIALIZED;
    if (index >= (unsigned)script.gpu_count) return INVALID_ARGUMENT;
    *device = &script.devices[index];
    return fault_at((int)index, __func__);
}

Status nvmlDeviceGetHandleByUUID(const char *uuid, Device **device) {
    if (!script.users) return UNINITIALIZED;
    for (int i = 0; i < script.device_count; i++)
        if (!strcmp(script.devices[i].uuid, uuid)) {
            *device = &script.devices[i];
            return fault_at(i, __func__);
        }
    return NOT_FOUND;
}

Status nvmlDeviceGetUUID(Device *device, char *target, unsigned size) {
    BEGIN(device);
    return copy_text(target, size, device->uuid);
}

Status nvmlDeviceGetName(Device *device, char *target, unsigned size) {
    BEGIN(device);
    return copy_text(target, size, device->name);
}

Status nvmlDeviceGetIndex(Device *device, unsigned *index) {
    BEGIN(device);
    *index = (unsigned)device->number;
    return device->parent == NO_INSTANCE ? SUCCESS : NOT_SUPPORTED;
}

Status nvmlDeviceGetArchitecture(Device *device, unsigned *architecture) {
    BEGIN(device);
    *architecture = (unsigned)figure(device, "architecture", &status);
    return status;
}

Status nvmlDeviceGetCudaComputeCapability(Device *device, int *major, int *minor) {
    BEGIN(device);
    *major = (int)figure(device, "capability_major", &status);
    *minor = (int)figure(device, "capability_minor", &status);
    return status;
}

/* ---- MIG ---- */

Status nvmlDeviceGetMigMode(Device *device, unsigned *current, unsigned *pending) {
    BEGIN(device);
    *current = *pending = (unsigned)figure(device, "mig", &status);
    return status;
}

static Device *instance_of(const Device *gpu, unsigned index) {
    for (int i = 0; i < script.device_count; i++)
        if (script.devices[i].parent == gpu->number && index-- == 0) return &script.devices[i];
    return NULL;
}

Status nvmlDeviceGetMaxMigDeviceCount(Device *device, unsigned *count) {
    BEGIN(device);
    for (*count = 0; instance_of(device, *count);) ++*count;
    return SUCCESS;
}

Status nvmlDeviceGetMigDeviceHandleByIndex(Device *device, unsigned index, Device **instance) {
    BEGIN(device);
    *instance = instance_of(device, index);
    return *instance ? SUCCESS : NOT_FOUND;
}

Status nvmlDeviceGetDeviceHandleFromMigDeviceHandle(Device *instance, Device **device) {
    BEGIN(instance);
    if (instance->parent == NO_INSTANCE) return INVALID_ARGUMENT;
    *device = &script.devices[instance->parent];
    return SUCCESS;
}

Status nvmlDeviceIsMigDeviceHandle(Device *device, unsigned *is_instance) {
    BEGIN(device);
    *is_instance = device->parent != NO_INSTANCE;
    return SUCCESS;
}

/* ---- figures ---- */

typedef struct {
    unsigned gpu, memory;
} Utilization;

typedef struct {
    unsigned long long total, free, used;
} Memory;

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
} MemoryWithReserved;

typedef struct {
    unsigned version, sensor;
    int celsius;
} Temperature;

Status nvmlDeviceGetUtilizationRates(Device *device, Utilization *rates) {
    BEGIN(device);
    rates->gpu = (unsigned)figure(device, "utilization", &status);
    rates->memory = (unsigned)told(device, "memory_utilization");
    return status;
}

static Status memory(const Device *device, MemoryWithReserved *found) {
    Status status = SUCCESS;
    found->total = (unsigned long long)figure(device, "memory_total", &status);
    found->used = (unsigned long long)figure(device, "memory_used", &status);
    found->reserved = (unsigned long long)told(device, "memory_reserved");
    found->free = found->total - found->used - found->reserved;
    return status;
}

Status nvmlDeviceGetMemoryInfo(Device *device, Memory *found) { /* the reserved part is used here */
    BEGIN(device);
    MemoryWithReserved parts;
    status = memory(device, &parts);
    *found = (Memory){parts.total, parts.free, parts.used + parts.reserved};
    return status;
}

Status nvmlDeviceGetMemoryInfo_v2(Device *device, MemoryWithReserved *found) {
    BEGIN(device);
    return memory(device, found);
}

static int is_ga100(const Device *device) {
    return told(device, "capability_major") == 8 && told(device, "capability_minor") == 0;
}

/* From Ampere on a mean, but for GA100. */
Status nvmlDeviceGetPowerUsage(Device *device, unsigned *milliwatts) {
    BEGIN(device);
    int is_mean = told(device, "architecture") >= AMPERE && !is_ga100(device);
    *milliwatts = (unsigned)(is_mean ? mean_of_last_second(device, "power", &status)
                                     : figure(device, "power", &status));
    return status;
}

Status nvmlDeviceGetEnforcedPowerLimit(Device *device, unsigned *milliwatts) {
    BEGIN(device);
    *milliwatts = (unsigned)figure(device, "limit", &status);
    return status;
}

Status nvmlDeviceGetTotalEnergyConsumption(Device *device, unsigned long long *millijoules) {
    BEGIN(device);
    *millijoules = (unsigned long long)figure(device, "energy", &status);
    return status;
}

Status nvmlDeviceGetTemperature(Device *device, unsigned sensor, unsigned *celsius) {
    (void)sensor;
    BEGIN(device);
    *celsius = (unsigned)figure(device, "temperature", &status);
    return status;
}

Status nvmlDeviceGetTemperatureV(Device *device, Temperature *found) {
    BEGIN(device);
    found->celsius = (int)figure(device, "temperature", &status);
    return status;
}

Status nvmlDeviceGetClockInfo(Device *device, unsigned kind, unsigned *megahertz) {
    BEGIN(device);
    const char *which = kind == CLOCK_KIND_MEMORY ? "memory_clock" : "sm_clock";
    *megahertz = (unsigned)figure(device, which, &status);
    return status;
}

static Status throttle(Device *device, const char *function, unsigned long long *bits) {
    Status status = begin(device, function);
    if (!status) *bits = (unsigned long long)figure(device, "throttle", &status);
    return status;
}

Status nvmlDeviceGetCurrentClocksEventReasons(Device *device, unsigned long long *bits) {
    return throttle(device, __func__, bits);
}

Status nvmlDeviceGetCurrentClocksThrottleReasons(Device *device, unsigned long long *bits) {
    return throttle(device, __func__, bits);
}

Status nvmlDeviceGetPcieThroughput(Device *device, unsigned received, unsigned *kilobytes) {
    BEGIN(device);
    *kilobytes = (unsigned)figure(device, received ? "pcie_received" : "pcie_sent", &status);
    return status;
}

/* ---- fields: any figure by its number, each with a status of its own ---- */

typedef struct {
    unsigned number, scope;
    long long unix_us, latency_us;
    unsigned type;
    Status status;
    union {
        unsigned small;
        unsigned long long large;
        double real;
    } value;
} Field;

static void fill(const Device *device, Field *field) {
    char name[WORD];
    snprintf(name, sizeof name, "field:%u", field->number);
    field->status = fault_at(device->number, name);
    field->type = UNSIGNED_INT;
    if (field->status) return;
    const char *power = field->scope == SCOPE_GPU      ? "power"
                        : field->scope == SCOPE_MODULE ? "module_power"
                                                       : "power_of_no_known_scope";
    if (field->number == FIELD_POWER_INSTANT) {
        field->value.small = (unsigned)figure(device, power, &field->status);
    } else if (field->number == FIELD_POWER_AVERAGE) {
        field->value.small = (unsigned)mean_of_last_second(device, power, &field->status);
    } else if (field->number == FIELD_ENERGY && field->scope == SCOPE_GPU) {
        field->type = UNSIGNED_LONG_LONG;
        field->value.large = (unsigned long long)figure(device, "energy", &field->status);
    } else {
        field->status = NOT_SUPPORTED;
    }
}

Status nvmlDeviceGetFieldValues(Device *device, int count, Field *fields) {
    BEGIN(device);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < count; i++) {
        fields[i].unix_us = now.tv_sec * 1000000ll + now.tv_nsec / 1000;
        fill(device, &fields[i]);
    }
    return SUCCESS;
}

/* ---- processes ---- */

typedef struct {
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
} Process;

/* Called twice: without room first, which tells how much is needed. */
Status nvmlDeviceGetComputeRunningProcesses_v3(Device *device, unsigned *count, Process *found) {
    BEGIN(device);
    unsigned room = found ? *count : 0;
    double time_s = now_s();
    *count = 0;
    for (int i = 0; i < script.holder_count; i++) {
        const Holder *holder = &script.holders[i];
        if (holder->device != device->number) continue;
        if (time_s < holder->begin_s || time_s >= holder->end_s) continue;
        if (*count < room)
            found[*count] =
                (Process){holder->pid, (unsigned long long)holder->bytes, ~0u, ~0u};
        ++*count;
    }
    return *count > room ? INSUFFICIENT_SIZE : SUCCESS;
}

Status nvmlDeviceGetGraphicsRunningProcesses_v3(Device *device, unsigned *count, Process *found) {
    (void)found;
    BEGIN(device);
    *count = 0;
    return SUCCESS;
}
