import { readFileSync } from 'node:fs';
import { type App, CloudFormationValidatePlugin, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

/** The rules of this project, in CloudFormation Guard's language. */
export const houseRules = (): string => readFileSync(new URL('./rules/house.guard', import.meta.url), 'utf8');

/** Loading the engine costs two seconds, so that several apps of one process share it. */
let engine: CloudFormationValidatePlugin | undefined;

/**
 * What each synthesis is checked against: CloudFormation's own schemas and rules, ours, and the AWS Solutions rules of
 * cdk-nag. A finding stops it; exceptions stand in `acknowledged.ts`.
 */
export const addChecks = (app: App): void => {
  engine ??= new CloudFormationValidatePlugin({ guardRules: [{ name: 'house', content: houseRules() }] });
  Validations.of(app).addPlugins(engine, new AwsSolutionsChecks(app));
};
