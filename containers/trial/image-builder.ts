import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ImageConfig, keyOf, type Stage, type Step } from '../plan.ts';
import { checkImage, type NpmNetwork } from './base-image.ts';
import type { Ground } from './ground.ts';
import { runToEnd } from './run.ts';
import { changedFiles, copyTree, filesOf, linkTree } from './tree.ts';

export interface Image {
  /** The folder that is the image's root. */
  readonly tree: string;
  readonly config: ImageConfig;
}

/** A step that is not done here, and why what stands in for it is good enough. */
export interface Skipped {
  readonly command: string;
  readonly why: string;
}

/** Told apart by their first word. Nothing else is left out. */
const notHere: Readonly<Record<string, string>> = {
  'apt-get':
    "asks Debian's archive for g++, make and python3: this machine's own compile the addon, and the base image is not here to be changed",
};

/** Builds images from plans as Docker does, with one copy of what their plans have in common. */
export class ImageBuilder {
  readonly skipped: Skipped[] = [];
  /** What a step left, by its key. A tree that another step goes on with in place has no entry any more. */
  private readonly trees = new Map<string, string>();
  /** The keys of steps that more than one step, or image, goes on from. */
  private readonly forks = new Set<string>();
  /** The files of trees that others are linked to. */
  private readonly linked = new Map<string, ReadonlyMap<string, string>>();
  private readonly options: {
    readonly ground: Ground;
    readonly base: string;
    /** The folder of what `.dockerignore` lets through. */
    readonly context: string;
    readonly folder: string;
    readonly network: NpmNetwork;
    readonly onStep: (what: string) => void;
  };

  constructor(options: ImageBuilder['options']) {
    this.options = options;
  }

  /** One image for each plan. @throws Error with what was said when a step fails */
  async build(plans: readonly (readonly Stage[])[]): Promise<readonly Image[]> {
    this.findForks(plans.flat());
    const images: Image[] = [];
    for (const plan of plans) {
      for (const stage of plan) await this.buildStage(stage);
      const last = plan.at(-1);
      if (last === undefined) throw new Error('a Dockerfile without FROM');
      images.push({ tree: this.treeOf(keyOf(last)), config: last.config });
    }
    this.checkLinked();
    return images;
  }

  /** A step that writes into a file, rather than make or remove one, would write into every tree that has it. */
  private checkLinked(): void {
    for (const [tree, files] of this.linked) {
      const [changed] = changedFiles(files, filesOf(tree));
      if (changed !== undefined) throw new Error(`a step of another image has written into ${changed}`);
    }
  }

  private findForks(stages: readonly Stage[]): void {
    const next = new Map<string, Set<string>>();
    for (const stage of stages) {
      const keys = [stage.key, ...stage.steps.map(({ key }) => key)];
      for (const [index, key] of keys.entries()) {
        const followers = next.get(key) ?? new Set();
        next.set(key, followers.add(keys[index + 1] ?? 'the end'));
      }
      this.forks.add(stage.key);
    }
    for (const [key, followers] of next) if (followers.size > 1) this.forks.add(key);
  }

  private async buildStage({ image, key: baseKey, steps }: Stage): Promise<void> {
    checkImage(image);
    this.trees.set(baseKey, this.options.base);
    const done = steps.findLastIndex(({ key }) => this.trees.has(key));
    let before = steps[done]?.key ?? baseKey;
    for (const step of steps.slice(done + 1)) {
      const tree = await this.takeTree(before);
      await this.perform(step, tree);
      this.trees.set(step.key, tree);
      before = step.key;
    }
  }

  private async takeTree(key: string): Promise<string> {
    const tree = this.treeOf(key);
    if (!this.forks.has(key)) {
      this.trees.delete(key);
      return tree;
    }
    if (!this.linked.has(tree)) this.linked.set(tree, filesOf(tree));
    const twin = mkdtempSync(join(this.options.folder, 'tree-'));
    await linkTree(tree, twin);
    return twin;
  }

  private treeOf(key: string): string {
    const tree = this.trees.get(key);
    if (tree === undefined) throw new Error(`nothing was kept of ${key}`);
    return tree;
  }

  private async perform({ does, config }: Step, tree: string): Promise<void> {
    const { ground, context, network, onStep } = this.options;
    const workdir = join(tree, config.workdir);
    mkdirSync(workdir, { recursive: true });
    if (does.kind === 'copy') {
      onStep(`COPY ${does.source} ${does.target}`);
      await copyInto(join(does.from === undefined ? context : this.treeOf(does.from), does.source), {
        target: does.target.startsWith('/') ? join(tree, does.target) : join(workdir, does.target),
        intoFolder: /(^|\/)\.?\/?$/.test(does.target),
      });
    }
    if (does.kind !== 'run') return;
    const command = does.command.join(' ');
    const why = notHere[does.command[0] ?? ''];
    if (why !== undefined) {
      onStep(`not run: ${command}`);
      this.skipped.push({ command, why });
      return;
    }
    onStep(`RUN ${command}`);
    const placed = ground.place(tree, does.command, {
      config,
      environment: network.environment,
      npmCache: network.cache,
    });
    await runToEnd({ ...placed, what: `RUN ${command}` });
  }
}

/** Docker's rule: of a folder what is in it, of a file the file. */
const copyInto = async (
  source: string,
  { target, intoFolder }: { readonly target: string; readonly intoFolder: boolean },
) => {
  const isFolder = statSync(source).isDirectory();
  mkdirSync(isFolder || intoFolder ? target : dirname(target), { recursive: true });
  await copyTree(isFolder ? `${source}/.` : source, target);
};
