import json

from analysis.folds.flops import work

LSTM = [[28, 32, 10], [512, 10], [512, 128], [512], [512], [32, 128], [32, 128]]
FORWARD = 2 * 28 * 32 * 512 * (10 + 128)


def test_an_lstm_has_products_of_inputs_and_states_at_each_place() -> None:
    assert work("aten::mkldnn_rnn_layer", json.dumps(LSTM)).flops == FORWARD


def test_backward_takes_each_product_by_both_factors() -> None:
    assert work("aten::mkldnn_rnn_layer_backward", json.dumps(LSTM)).flops == 2 * FORWARD


def test_shapes_that_do_not_fit_are_not_known() -> None:
    for place, other in ((0, [28, 32]), (1, [512, 11]), (2, [500, 128]), (1, [])):
        shapes = [*LSTM[:place], other, *LSTM[place + 1 :]]
        assert work("aten::mkldnn_rnn_layer", json.dumps(shapes)).flops is None
    assert work("aten::mkldnn_rnn_layer_backward", json.dumps(LSTM[:4])).flops is None
