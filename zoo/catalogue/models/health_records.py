"""Networks that read the records of intensive care: Lipton et al., 2016; Harutyunyan et al., 2019."""

from zoo.catalogue.entry import NamedModel
from zoo.model import ModelSpec
from zoo.stack import StackSpec
from zoo.switches import VariationalDropoutSpec

BENCHMARK = "Harutyunyan et al., 2019, https://arxiv.org/abs/1703.07771"
READS = VariationalDropoutSpec(input=0.3, recurrent=0.0)

MODELS = {
    "lipton-diagnoses": NamedModel(
        summary="128 diagnoses from 13 series of measurements: 2 LSTM layers of 128",
        task="multi_label",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=128, num_layers=2, dropout=0.5),
            input_size=13,
            output_size=128,
            pooling="last",
            output_dropout=0.5,
        ),
        paper="Lipton et al., 2016, https://arxiv.org/abs/1511.03677",
        deviations="diagnoses are asked for at the end alone, not at every step as well",
    ),
    "mimic-mortality": NamedModel(
        summary="mortality in hospital from 48 hours of 76 features: a BiLSTM of 2 x 8 and an LSTM of 16",
        task="sequence_classifier",
        network=ModelSpec(
            encoder=StackSpec(
                cell="lstm",
                hidden_size=(8, 16),
                num_layers=2,
                direction=("bidirectional", "forward"),
                switches=READS,
            ),
            input_size=76,
            output_size=2,
            pooling="last",
            output_dropout=0.3,
        ),
        paper=BENCHMARK,
        deviations="two logits in place of one; the gates of a layer share a mask",
    ),
    "mimic-phenotypes": NamedModel(
        summary="25 conditions from 76 features of a stay in intensive care: one LSTM layer of 256",
        task="multi_label",
        network=ModelSpec(
            encoder=StackSpec(cell="lstm", hidden_size=256, switches=READS),
            input_size=76,
            output_size=25,
            pooling="last",
            output_dropout=0.3,
        ),
        paper=BENCHMARK,
        deviations="the gates of a layer share a mask",
    ),
}
