"""The base model, or a trained one, cut to the parts that a comparison is about."""

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

TAP_BLOCK = 7


def body_of(data):
    """The model cut to what our body does: from the float patch to the scores."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    graph = model.subgraphs[0]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    first = next(i for i, o in enumerate(graph.operators) if codes[o.opcodeIndex] == schema.BuiltinOperator.QUANTIZE)
    graph.operators = graph.operators[first:]
    graph.inputs = [graph.operators[0].inputs[0]]
    return packed(model, data)


def convolutions_of(data):
    """The model cut to what tract loads of it, from the int8 patch to the embedding: not QUANTIZE, SPLIT and FULLY_CONNECTED."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    graph = model.subgraphs[0]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    operators = schema.BuiltinOperator
    kinds = [codes[o.opcodeIndex] for o in graph.operators]
    graph.operators = graph.operators[kinds.index(operators.SPLIT) + 1 : kinds.index(operators.MEAN) + 1]
    graph.inputs, graph.outputs = [graph.operators[0].inputs[0]], [graph.operators[-1].outputs[0]]
    return packed(model, data)


def tapped_of(data):
    """The model cut to the network of the default features: from the float patch to the result of block 7, which is averaged."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    graph = model.subgraphs[0]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    operators = schema.BuiltinOperator
    kinds = [codes[o.opcodeIndex] for o in graph.operators]
    convolutions = [i for i, kind in enumerate(kinds) if kind in (operators.CONV_2D, operators.DEPTHWISE_CONV_2D)]
    first = kinds.index(operators.QUANTIZE)
    # The first convolution, then two of each block. The front end has none.
    last = [i for i in convolutions if i > first][2 * TAP_BLOCK]
    graph.operators = graph.operators[first : last + 1]
    graph.inputs, graph.outputs = [graph.operators[0].inputs[0]], [graph.operators[-1].outputs[0]]
    return packed(model, data)


def embedding_of(data):
    """The model cut to its embedding: from the waveform to the mean over the last convolution."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    graph = model.subgraphs[0]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    mean = max(i for i, o in enumerate(graph.operators) if codes[o.opcodeIndex] == schema.BuiltinOperator.MEAN)
    graph.operators = graph.operators[: mean + 1]
    graph.outputs = [graph.operators[-1].outputs[0]]
    return packed(model, data)


def packed(model, data):
    """Serialises a changed model without the operator codes that it no longer uses: old runtimes reject unknown ones, used or not."""
    model.metadata = None
    operators = model.subgraphs[0].operators
    used = sorted({operator.opcodeIndex for operator in operators})
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for operator in operators:
        operator.opcodeIndex = used.index(operator.opcodeIndex)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
