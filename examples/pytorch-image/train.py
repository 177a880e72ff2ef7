"""Trains a small convolutional network on the handwritten digits that come with scikit-learn (UCI "Optical Recognition of Handwritten Digits",
CC BY 4.0), exports it as ONNX, and writes images with the outputs that PyTorch and torchvision give for them."""

import base64
import json
import pathlib

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torchvision import transforms

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
torch.set_num_threads(1)

digits = load_digits()
pixels = (digits.images * 255 / 16).round().astype(np.uint8)
train, test, train_labels, test_labels = train_test_split(pixels, digits.target, test_size=0.25, random_state=0)

# What ingot.yaml declares under `preprocess`, in torchvision's words.
prepare = transforms.Compose(
    [
        transforms.Resize((28, 28), interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.ToTensor(),
        transforms.Normalize([0.3], [0.35]),
    ]
)
batch = lambda images: torch.stack([prepare(Image.fromarray(image)) for image in images])

network = nn.Sequential(
    nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(24, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    nn.Linear(32, 10),
)
optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
inputs, labels = batch(train), torch.tensor(train_labels)
for epoch in range(25):
    order = torch.randperm(len(inputs))
    for part in order.split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs[part]), labels[part]).backward()
        optimizer.step()
network.eval()
with torch.no_grad():
    accuracy = (network(batch(test)).argmax(1).numpy() == test_labels).mean()
print(f"accuracy on {len(test)} digits: {accuracy:.3f}")

torch.onnx.export(
    network, batch(test[:1]), here / "digits.onnx", opset_version=17, input_names=["image"], output_names=["logits"],
    dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
)
lines = []
for index in range(10):
    image = Image.fromarray(test[index])
    # Drawings of other sizes and kinds, as people send them.
    if index % 3 == 1:
        image = image.resize((100 + index, 90), Image.BICUBIC)
    if index % 3 == 2:
        image = image.resize((40, 40), Image.BICUBIC).convert("RGB")
    name = f"images/{index}.{'jpg' if index == 5 else 'png'}"
    image.save(here / name)
    with torch.no_grad():
        probabilities = network(prepare(Image.open(here / name).convert("L"))[None]).softmax(1)[0]
    outputs = {"digit": str(int(probabilities.argmax())), "probabilities": {str(k): float(v) for k, v in enumerate(probabilities)}}
    lines.append(json.dumps({"inputs": {"image": base64.b64encode((here / name).read_bytes()).decode()}, "outputs": outputs}))
(here / "examples.jsonl").write_text("\n".join(lines) + "\n")
(here / "metrics.json").write_text(json.dumps({"accuracy": round(float(accuracy), 4)}) + "\n")
