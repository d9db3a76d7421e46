/* What the parts of the fake libnvidia-ml share: the script, figures at a time, and faults. */
#ifndef FAKE_NVML_H
#define FAKE_NVML_H

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

typedef struct {
    long long origin_ns;
    int gpu_count, device_count, signal_count, fault_count, holder_count, users;
    char driver[WORD];
    Device devices[MOST_DEVICES];
    Signal signals[MOST_SIGNALS];
    Fault faults[MOST_FAULTS];
    Holder holders[MOST_PROCESSES];
} Script;

extern Script script;

/* script.c */
int read_script(void);

/* signals.c: figures now; what has no signal is NOT_SUPPORTED */
long long now_ns(void);
double now_s(void);
double figure(const Device *device, const char *name, Status *status);
double told(const Device *device, const char *name); /* 0 for what is not supported */
double mean_of_last_second(const Device *device, const char *name, Status *status);
Status fault_at(int device, const char *function);
Status begin(const Device *device, const char *function);

/* What NVML exports; every call on a device begins with BEGIN. */
#define API __attribute__((visibility("default"))) Status
#define BEGIN(device)                              \
    Status status = begin((device), __func__);     \
    if (status != SUCCESS) return status

#endif
