"""Trains a small vision transformer that tells textures apart: pieces of the photographs `brick`, `grass` and `gravel` that come with scikit-image
(CC0, by Texture Haven). Saves it the way Hugging Face folders look (config.json, preprocessor_config.json, model.onnx), and
writes images with the outputs that transformers gives for them."""

import base64
import json
import pathlib

import numpy as np
import torch
from PIL import Image
from skimage import data
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
torch.set_num_threads(1)
rng = np.random.default_rng(0)
textures = {"brick": data.brick(), "grass": data.grass(), "gravel": data.gravel()}
names = list(textures)


def piece(name, rows, size=None):
    """A square of a photograph: from its upper part for training, from its lower part for testing."""
    size = size or int(rng.integers(48, 120))
    top, left = rng.integers(rows[0], rows[1] - size), rng.integers(0, 512 - size)
    grey = textures[name][top : top + size, left : left + size]
    return Image.fromarray(np.clip(grey * rng.uniform(0.7, 1.3), 0, 255).astype(np.uint8)).convert("RGB")


processor = ViTImageProcessor(
    size={"height": 32, "width": 32}, resample=3, image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225]
)
config = ViTConfig(
    image_size=32, patch_size=8, hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, hidden_act="relu",
    id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)},
)
model = ViTForImageClassification(config)
prepare = lambda images: processor(images, return_tensors="pt").pixel_values
sample = lambda count, rows: ([piece(name, rows) for _ in range(count) for name in names], torch.tensor(list(range(3)) * count))
images, labels = sample(600, (0, 380))
inputs = prepare(images)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(40):
    for part in torch.randperm(len(inputs)).split(60):
        optimizer.zero_grad()
        model(inputs[part], labels=labels[part]).loss.backward()
        optimizer.step()
model.eval()
held, held_labels = sample(60, (380, 512))
with torch.no_grad():
    accuracy = (model(prepare(held)).logits.argmax(1) == held_labels).float().mean()
print(f"accuracy on {len(held)} pieces of the lower parts: {accuracy:.3f}")

folder = here / "model"
model.config.architectures = ["ViTForImageClassification"]
model.config.save_pretrained(folder)
processor.save_pretrained(folder)


class Logits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        return self.model(pixel_values).logits


torch.onnx.export(
    Logits().eval(), inputs[:1], folder / "model.onnx", opset_version=14, input_names=["pixel_values"], output_names=["logits"],
    dynamic_axes={"pixel_values": {0: "N"}, "logits": {0: "N"}},
)
lines = []
for index in range(6):
    name = f"images/{index}.{'jpg' if index < 3 else 'png'}"
    piece(names[index % 3], (380, 512), 60 + 9 * index).save(here / name)
    with torch.no_grad():
        probabilities = model(prepare([Image.open(here / name).convert("RGB")])).logits.softmax(1)[0]
    outputs = {"label": names[int(probabilities.argmax())], "probabilities": {k: float(p) for k, p in zip(names, probabilities)}}
    lines.append(json.dumps({"inputs": {"image": base64.b64encode((here / name).read_bytes()).decode()}, "outputs": outputs}))
(here / "examples.jsonl").write_text("\n".join(lines) + "\n")
(here / "metrics.json").write_text(json.dumps({"accuracy": round(float(accuracy), 4)}) + "\n")
