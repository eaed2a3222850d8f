/** The value types that rows of ours have. */
type Attribute = {
  readonly S?: string | undefined;
  readonly N?: string | undefined;
  readonly BOOL?: boolean | undefined;
  readonly L?: readonly Attribute[] | undefined;
  readonly M?: Readonly<Record<string, Attribute>> | undefined;
};
/** One image of a change stream as Lambda hands it over. */
export type Image = Readonly<Record<string, Attribute>>;

const readValue = (attribute: Attribute): unknown => {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L !== undefined) return attribute.L.map(readValue);
  if (attribute.M !== undefined) return readImage(attribute.M);
  return null;
};

export const readImage = (image: Image): Record<string, unknown> =>
  Object.fromEntries(Object.entries(image).map(([name, attribute]) => [name, readValue(attribute)]));
