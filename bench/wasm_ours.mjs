export async function ourCompetitors() {
  return { W1: [], W2: [], W4: [], W6: [] };
}
