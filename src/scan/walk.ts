// Which readers look at a file: every one that recognises its content, so that a file which is two things is seen as both.
import { IngotError, type Soon } from "../core/index.ts";
import {
  type Container,
  candidatesFor,
  containersOf,
  type Format,
  isCutZip,
  MemoryFile,
  memoryFile,
  type Observation,
  type OpenFile,
  rootsOf,
  type Survey,
  type Tree,
  type TreeFormat,
  treeFormats,
} from "../formats/index.ts";
import { executableFormat } from "./executables.ts";
import { imageFormat, surveyImage } from "./image_survey.ts";
import { looksLikeText, surveyText } from "./text_survey.ts";

const headSize = 64 * 1024;
/** Small files are read once and shared by all readers. */
const smallSize = 1 << 20;

/** Formats whose content runs when it is loaded: that a reader accepts one of these says nothing. */
const programs: ReadonlySet<string> = new Set(["pickle", "pytorch-stream", "joblib"]);

/** Surveys one file. What no reader recognises stays uncovered, which makes the verdict unknown. */
export async function walk(given: OpenFile, survey: Survey): Promise<void> {
  const isRead = given instanceof MemoryFile || given.size === 0 || given.size > smallSize;
  const file = isRead ? given : await inMemory(given);
  const beginning = file.read(0, headSize);
  const head = beginning instanceof Promise ? await beginning : beginning;
  const executable = executableFormat(head);
  // Python source is told as source; that somebody may start it by its name makes it no worse.
  if (executable !== null && !(/^a script .*python/.test(executable) && /\.py$/i.test(file.name))) {
    survey.observe({ kind: "executable", at: 0, format: executable });
    survey.reading?.("executable");
  }
  const holding = containersOf(file, head);
  const archives = holding instanceof Promise ? await holding : holding;
  for (const container of archives) await surveyArchive(container, file, survey);
  const found = candidatesFor(head).filter((format) => format.detect(head, file.size));
  if (archives.length > 0 && found.length > 0)
    survey.observe({
      kind: "anomaly",
      subject: "polyglot",
      detail: `is a ${archives[0]!.title} and a file of ${found[0]!.title} at once`,
    });
  for (const format of found) {
    const surveying = surveyFormat(format, file, survey);
    if (surveying) await surveying;
  }
  if (found.length > 0 || archives.length > 0) return;
  if (isCutZip(head))
    return survey.observe({
      kind: "anomaly",
      subject: "truncated",
      detail: "begins like a zip archive (PyTorch, Keras, NumPy …), whose end is missing",
    });
  const image = imageFormat(head);
  if (image !== null) await surveyImage(file, image, survey);
  else if (file.size > 0 && looksLikeText(head)) await surveyText(file, survey);
}

function surveyFormat(format: Format, file: OpenFile, survey: Survey): Soon<void> {
  survey.reading?.(format.id);
  if (format.survey) return format.survey(file, survey);
  if (programs.has(format.id)) return survey.observe({ kind: "unread", detail: `${format.title} is not judged yet` });
  return surveyByReading(format, file, survey);
}

async function surveyByReading(format: Format, file: OpenFile, survey: Survey): Promise<void> {
  try {
    await format.read(file);
    survey.covered(0, file.size);
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const subject = error.code === "FILE_TRUNCATED" ? "truncated" : "structure";
    if (error.code !== "MODEL_UNSUPPORTED")
      survey.observe({ kind: "anomaly", subject, detail: `${format.title}: ${error.what}` });
    survey.observe({ kind: "unread", detail: `${format.title}: ${error.what}` });
  }
}

/** What only the format of the whole knows, and the members, each by its own format or as the whole says. */
async function surveyArchive(container: Container, file: OpenFile, survey: Survey): Promise<void> {
  survey.reading?.(container.id);
  let tree: Tree;
  try {
    tree = await container.open(kept(file));
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    await container.survey(file, survey);
    return survey.observe({ kind: "unread", detail: error.message });
  }
  const whole = await wholesOf(tree);
  await container.survey(file, withMembers(survey, whole));
  await surveyWholes(whole, survey);
}

/** A format that the files of a tree, or of the one folder that holds them all, are together. */
interface Whole {
  readonly format: TreeFormat;
  readonly tree: Tree;
  /** Of the members of that folder. */
  readonly prefix: string;
}

async function wholesOf(tree: Tree): Promise<Whole[]> {
  const wholes: Whole[] = [];
  for (const { tree: root, prefix } of rootsOf(tree))
    for (const format of treeFormats)
      if (!wholes.some((one) => one.format === format) && (await detects(format, root)))
        wholes.push({ format, tree: root, prefix });
  return wholes;
}

/** A member that cannot be read is told by the archive: it only means that this is no such format. */
async function detects(format: TreeFormat, tree: Tree): Promise<boolean> {
  try {
    return await format.detect(tree);
  } catch (error) {
    if (error instanceof IngotError) return false;
    throw error;
  }
}

async function surveyWholes(wholes: readonly Whole[], survey: Survey): Promise<void> {
  for (const { format, tree } of wholes) {
    survey.reading?.(format.id);
    try {
      await format.survey?.(tree, survey);
    } catch (error) {
      if (!(error instanceof IngotError)) throw error;
      survey.observe({ kind: "unread", detail: `${format.title}: ${error.what}` });
    }
  }
}

/** What the files of a folder on disk are together. */
export async function walkFolder(tree: Tree, survey: Survey): Promise<void> {
  await surveyWholes(await wholesOf(tree), survey);
}

/** Members that the format of the whole explains are first seen as what they look like: a program is one wherever it lies. */
function withMembers(survey: Survey, wholes: readonly Whole[]): Survey {
  return {
    covered: (start, end) => survey.covered(start, end),
    observe: (observation) => survey.observe(observation),
    reading: (id) => survey.reading?.(id),
    nested(name, member) {
      for (const { format, tree, prefix } of wholes) {
        const own = name.startsWith(prefix) ? format.memberSurvey?.(tree, name.slice(prefix.length)) : undefined;
        if (!own) continue;
        return survey.nested(name, member, async (file, inner) => {
          const head = await file.read(0, headSize);
          const executable = executableFormat(head);
          if (executable !== null) inner.observe({ kind: "executable", at: 0, format: executable });
          if (own.isRaw) await surveyRaw(file, head, inner);
          inner.reading?.(format.id);
          await own.survey(file, inner);
        });
      }
      return survey.nested(name, member);
    },
  };
}

/** Numbers may begin like anything by chance: what they look like is told only where it would run, or is whole. */
async function surveyRaw(file: OpenFile, head: Uint8Array, survey: Survey): Promise<void> {
  for (const archive of await containersOf(file, head)) await surveyArchive(archive, file, survey);
  for (const found of candidatesFor(head)) {
    if (!programs.has(found.id) || !found.detect(head, file.size)) continue;
    const told: Observation[] = [];
    await surveyFormat(found, file, {
      covered: () => undefined,
      observe: (observation) => void (told.length < mostTold && told.push(observation)),
      nested: async (name, inner) => {
        if (told.length === 0) await survey.nested(name, inner);
        else await inner[Symbol.asyncDispose]();
      },
    });
    if (told.some(({ kind }) => kind === "global" || kind === "code")) for (const one of told) survey.observe(one);
  }
}

const mostTold = 1000;

/** The file for an archive that would close it. */
function kept(file: OpenFile): OpenFile {
  if (file instanceof MemoryFile) return file;
  return {
    ...file,
    read: file.read.bind(file),
    readAll: file.readAll.bind(file),
    name: file.name,
    size: file.size,
    async [Symbol.asyncDispose]() {},
  };
}

async function inMemory(file: OpenFile): Promise<OpenFile> {
  const sibling = file.sibling && ((relative: string) => file.sibling!(relative));
  return memoryFile(await file.readAll(), file.name, sibling);
}
