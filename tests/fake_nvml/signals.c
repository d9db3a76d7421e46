/* Figures as functions of time, and which calls fail when. */
#define _GNU_SOURCE
#include "fake_nvml.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

double now_s(void) { return (double)(now_ns() - script.origin_ns) / 1e9; }

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

double figure(const Device *device, const char *name, Status *status) {
    const Signal *signal = signal_of(device->number, name);
    if (!signal) {
        *status = NOT_SUPPORTED;
        return 0;
    }
    if (signal->shape != COUNTER) return at(signal, held_s(signal));
    const Signal *power = signal_of(device->number, "power");
    return signal->of[0] + (power ? integral(power, held_s(signal)) : 0);
}

double told(const Device *device, const char *name) {
    Status status;
    return figure(device, name, &status);
}

double mean_of_last_second(const Device *device, const char *name, Status *status) {
    const Signal *signal = signal_of(device->number, name);
    if (!signal) return figure(device, name, status);
    double end_s = held_s(signal);
    return integral(signal, end_s) - integral(signal, end_s - 1);
}

Status fault_at(int device, const char *function) {
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

Status begin(const Device *device, const char *function) {
    if (!script.users) return UNINITIALIZED;
    int known = device >= script.devices && device < script.devices + script.device_count;
    if (!known) return INVALID_ARGUMENT;
    double delay_ms = told(device, "delay");
    if (delay_ms > 0) usleep((useconds_t)(1000 * delay_ms));
    return fault_at(device->number, function);
}
