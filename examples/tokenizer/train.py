"""Trains a small sentence encoder on the translations that Django ships (BSD-3-Clause): WordPiece tokens, vectors by truncated SVD, and beside
them which language the sentence is in, by logistic regression on the mean vector.

Writes tokenizer.json (Hugging Face), encoder.onnx, examples.jsonl with the answers of `tokenizers` and NumPy, metrics.json.
"""

import gettext
import json
import random
from pathlib import Path

import django
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = Path(__file__).resolve().parent
LANGUAGES = {"ar": "Arabic", "cs": "Czech", "de": "German", "el": "Greek", "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew",
             "hi": "Hindi", "ja": "Japanese", "ko": "Korean", "ru": "Russian", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese"}
WIDTH = 64
LONGEST = 64

found = set()
for code, language in LANGUAGES.items():
    for file in sorted(Path(django.__file__).parent.glob(f"**/locale/{code}/LC_MESSAGES/django.mo")):
        with open(file, "rb") as stream:
            for value in gettext.GNUTranslations(stream)._catalog.values():
                for line in str(value).splitlines():
                    if 8 <= len(line.strip()) <= 160 and "%" not in line and "{" not in line:
                        found.add((line.strip(), language))
rows = sorted(found)
random.Random(5).shuffle(rows)
held = len(rows) // 5
texts, languages = zip(*rows)

tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.decoder = decoders.WordPiece()
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
tokenizer.train_from_iterator(texts[held:], trainers.WordPieceTrainer(special_tokens=special, vocab_size=6000, show_progress=False))
ids = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ids)
tokenizer.enable_truncation(LONGEST)
tokenizer.save(str(HERE / "tokenizer.json"), pretty=False)

encoded = [tokenizer.encode(text).ids for text in texts]
size = tokenizer.get_vocab_size()
indptr = np.cumsum([0] + [len(row) for row in encoded])
counts = csr_matrix((np.ones(indptr[-1]), np.concatenate(encoded), indptr), shape=(len(encoded), size))
counts.sum_duplicates()
rarity = np.log((1 + len(rows)) / (1 + np.asarray((counts > 0).sum(0)).ravel()))
svd = TruncatedSVD(WIDTH, random_state=0).fit(counts[held:].multiply(rarity).tocsr())
vectors = (svd.components_.T * rarity[:, None]).astype(np.float32)


def mean(row):
    return vectors[row].astype(np.float64).mean(0)


means = np.array([mean(row) for row in encoded])
model = LogisticRegression(C=100, max_iter=2000).fit(means[held:], languages[held:])
weights, bias = model.coef_.T.astype(np.float32), model.intercept_.astype(np.float32)


def answer(text):
    vector = mean(tokenizer.encode(text).ids)
    pooled = vector.astype(np.float32)
    logits = (pooled @ weights + bias).astype(np.float64)
    shares = np.exp(logits - logits.max())
    return pooled / np.linalg.norm(pooled), shares / shares.sum()


accuracy = float(np.mean([model.classes_[answer(text)[1].argmax()] == language for text, language in rows[:held]]))

node = helper.make_node
constants = [numpy_helper.from_array(*pair) for pair in [(vectors, "vectors"), (weights, "weights"), (bias, "bias"), (np.array([1]), "one"), (np.array([2]), "two")]]
nodes = [
    node("Gather", ["vectors", "input_ids"], ["last_hidden_state"], axis=0),
    node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
    node("Unsqueeze", ["mask", "two"], ["mask_of_each"]),
    node("Mul", ["last_hidden_state", "mask_of_each"], ["counted"]),
    node("ReduceSum", ["counted", "one"], ["sum"], keepdims=0),
    node("ReduceSum", ["mask", "one"], ["count"], keepdims=1),
    node("Div", ["sum", "count"], ["mean"]),
    node("MatMul", ["mean", "weights"], ["product"]),
    node("Add", ["product", "bias"], ["logits"]),
]
value = helper.make_tensor_value_info
graph = helper.make_graph(
    nodes,
    "encoder",
    [value("input_ids", TensorProto.INT64, ["N", "tokens"]), value("attention_mask", TensorProto.INT64, ["N", "tokens"])],
    [value("last_hidden_state", TensorProto.FLOAT, ["N", "tokens", WIDTH]), value("logits", TensorProto.FLOAT, ["N", len(model.classes_)])],
    constants,
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), HERE / "encoder.onnx")

with open(HERE / "examples.jsonl", "w") as stream:
    for text in [*texts[:24], "Où est la gare ?", "駅はどこですか。", "Где вокзал?", "xyz 🙂", "x " * 200]:
        vector, shares = answer(text)
        outputs = {
            "embedding": vector.tolist(),
            "language": model.classes_[shares.argmax()],
            "probabilities": dict(zip(model.classes_, shares.tolist())),
        }
        stream.write(json.dumps({"inputs": {"text": text}, "outputs": outputs}, ensure_ascii=False) + "\n")
(HERE / "metrics.json").write_text(f'{{ "accuracy": {round(accuracy, 4)}, "held_out": {held} }}\n')
print(len(rows), "sentences", size, "tokens", ", ".join(model.classes_), accuracy)
