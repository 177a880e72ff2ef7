// Which readers look at a file: every one that recognises its content, so that a file which is two things is seen as both.
import { IngotError } from "../core/index.ts";
import {
  type Container,
  containersOf,
  type Format,
  formats,
  memoryFile,
  type OpenFile,
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
const programs: ReadonlySet<string> = new Set(["pickle", "joblib", "pytorch", "torchscript", "keras", "keras-h5"]);

/** Surveys one file. What no reader recognises stays uncovered, which makes the verdict unknown. */
export async function walk(given: OpenFile, survey: Survey): Promise<void> {
  const file = given.size > 0 && given.size <= smallSize ? await inMemory(given) : given;
  const head = await file.read(0, headSize);
  const executable = executableFormat(head);
  if (executable !== null) {
    survey.observe({ kind: "executable", at: 0, format: executable });
    survey.reading?.("executable");
  }
  const archives = await containersOf(file, head);
  for (const container of archives) await surveyArchive(container, file, survey);
  const found = formats.filter((format) => format.detect(head, file.size));
  if (archives.length > 0 && found.length > 0)
    survey.observe({
      kind: "anomaly",
      subject: "polyglot",
      detail: `is a ${archives[0]!.title} and a file of ${found[0]!.title} at once`,
    });
  for (const format of found) await surveyFormat(format, file, survey);
  if (found.length > 0 || archives.length > 0) return;
  const image = imageFormat(head);
  if (image !== null) await surveyImage(file, image, survey);
  else if (file.size > 0 && looksLikeText(head)) await surveyText(file, survey);
}

async function surveyFormat(format: Format, file: OpenFile, survey: Survey): Promise<void> {
  survey.reading?.(format.id);
  if (format.survey) return format.survey(file, survey);
  if (programs.has(format.id)) return survey.observe({ kind: "unread", detail: `${format.title} is not judged yet` });
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
  const whole: TreeFormat[] = [];
  for (const format of treeFormats) if (await format.detect(tree)) whole.push(format);
  await container.survey(file, withMembers(survey, whole, tree));
  for (const format of whole) {
    survey.reading?.(format.id);
    await format.survey?.(tree, survey);
  }
}

/** Members that the format of the whole explains are first seen as what they look like: a program is one wherever it lies. */
function withMembers(survey: Survey, whole: readonly TreeFormat[], tree: Tree): Survey {
  return {
    covered: (start, end) => survey.covered(start, end),
    observe: (observation) => survey.observe(observation),
    reading: (id) => survey.reading?.(id),
    nested(name, member) {
      const format = whole.find((one) => one.memberSurvey?.(tree, name));
      const own = format?.memberSurvey?.(tree, name);
      if (!format || !own) return survey.nested(name, member);
      return survey.nested(name, member, async (file, inner) => {
        const head = await file.read(0, headSize);
        const executable = executableFormat(head);
        if (executable !== null) inner.observe({ kind: "executable", at: 0, format: executable });
        if (own.isRaw) {
          for (const archive of await containersOf(file, head)) await surveyArchive(archive, file, inner);
          for (const found of formats)
            if (programs.has(found.id) && found.detect(head, file.size)) await surveyFormat(found, file, inner);
        }
        inner.reading?.(format.id);
        await own.survey(file, inner);
      });
    },
  };
}

/** The file for an archive that would close it. */
function kept(file: OpenFile): OpenFile {
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
  const memory = memoryFile(await file.readAll(), file.name);
  return file.sibling ? { ...memory, sibling: (relative) => file.sibling!(relative) } : memory;
}
