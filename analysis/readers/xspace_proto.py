"""The protobuf messages of .xplane.pb files (XSpace) and the parts of XLA's HloProto they carry.

They are described here, in a descriptor pool of their own, so that neither TensorFlow nor XProf is
imported and their copies of the same messages are not disturbed. Field numbers are those of
tsl/profiler/protobuf/xplane.proto and xla/service/hlo.proto; fields left out are kept unread.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "crossprof"

MESSAGES = {
    "XStat": (
        "metadata_id 1 int64; double_value 2 double in value; uint64_value 3 uint64 in value;"
        "int64_value 4 int64 in value; str_value 5 string in value; bytes_value 6 bytes in value;"
        "ref_value 7 uint64 in value"
    ),
    "XEvent": (
        "metadata_id 1 int64; offset_ps 2 int64 in data; num_occurrences 5 int64 in data;"
        "duration_ps 3 int64; stats 4 many XStat"
    ),
    "XLine": (
        "id 1 int64; display_id 10 int64; name 2 string; display_name 11 string;"
        "timestamp_ns 3 int64; duration_ps 9 int64; events 4 many XEvent"
    ),
    "XEventMetadata": (
        "id 1 int64; name 2 string; display_name 4 string; metadata 3 bytes;"
        "stats 5 many XStat; child_id 6 many int64"
    ),
    "XStatMetadata": "id 1 int64; name 2 string; description 3 string",
    "XPlane": (
        "id 1 int64; name 2 string; lines 3 many XLine; event_metadata 4 map XEventMetadata;"
        "stat_metadata 5 map XStatMetadata; stats 6 many XStat"
    ),
    "XSpace": (
        "planes 1 many XPlane; errors 2 many string; warnings 3 many string;hostnames 4 many string"
    ),
    "OpMetadata": "op_type 1 string; op_name 2 string",
    "HloInstruction": (
        "name 1 string; opcode 2 string; metadata 7 OpMetadata; id 35 int64;"
        "called_computation_ids 38 many int64"
    ),
    "HloComputation": "name 1 string; instructions 2 many HloInstruction; id 5 int64",
    "HloModule": "name 1 string; computations 3 many HloComputation",
    "Hlo": "hlo_module 1 HloModule",
}
"""For each message its fields: name, number, `many` or `map` (by int64), type, `in` a oneof."""


def _describe(message: descriptor_pb2.DescriptorProto, fields: str) -> None:
    for text in fields.split(";"):
        name, number, *words = text.split()
        field = message.field.add(name=name, number=int(number))
        field.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
        if words[0] in ("many", "map"):
            field.label = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
        if words[0] == "map":
            entry = message.nested_type.add(name=_entry_name(name))
            entry.options.map_entry = True
            _describe(entry, f"key 1 int64; value 2 {words[1]}")
            words = ["many", f"{message.name}.{entry.name}"]
        if words[0] == "many":
            words = words[1:]
        if words[1:2] == ["in"]:
            if not message.oneof_decl:
                message.oneof_decl.add(name=words[2])
            field.oneof_index = 0
        _set_type(field, words[0])


def _entry_name(name: str) -> str:
    """What protobuf calls the message that a map's entries are made of."""
    return "".join(part.title() for part in name.split("_")) + "Entry"


def _set_type(field: descriptor_pb2.FieldDescriptorProto, name: str) -> None:
    kinds = descriptor_pb2.FieldDescriptorProto.Type
    if name.islower():
        field.type = kinds.Value(f"TYPE_{name.upper()}")
    else:
        field.type = kinds.Value("TYPE_MESSAGE")
        field.type_name = f".{PACKAGE}.{name}"


def _message_classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{PACKAGE}/xspace.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        _describe(file.message_type.add(name=name), fields)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    found = (pool.FindMessageTypeByName(f"{PACKAGE}.{name}") for name in MESSAGES)
    return {each.name: message_factory.GetMessageClass(each) for each in found}


_CLASSES = _message_classes()
XSpace, XPlane, XLine = (_CLASSES[name] for name in ("XSpace", "XPlane", "XLine"))
XEvent, Hlo = _CLASSES["XEvent"], _CLASSES["Hlo"]
