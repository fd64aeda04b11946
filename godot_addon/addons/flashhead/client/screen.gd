extends RefCounted
## Puts a texture where a node shows one: on anything with a texture (TextureRect, Sprite2D, Sprite3D and so on), or on a
## mesh.


static func can_show(node: Node) -> bool:
	return node is MeshInstance3D or "texture" in node


## The texture that it shows; null: none.
static func shown(node: Node) -> Texture2D:
	if not node is MeshInstance3D:
		return node.get("texture")
	var material := node.material_override as BaseMaterial3D
	return material.albedo_texture if material else null


static func put(node: Node, texture: Texture2D) -> void:
	if node is MeshInstance3D:
		node.material_override = _with(node.get_active_material(0), texture)
	else:
		node.set("texture", texture)


static func clear(node: Node) -> void:
	node.set("material_override" if node is MeshInstance3D else "texture", null)


## A material like the mesh's own with this texture; without one, the picture shines by itself.
static func _with(material: Material, texture: Texture2D) -> BaseMaterial3D:
	var shown: BaseMaterial3D
	if material is BaseMaterial3D:
		shown = material.duplicate()
	else:
		shown = StandardMaterial3D.new()
		shown.shading_mode = BaseMaterial3D.SHADING_MODE_UNSHADED
		shown.transparency = BaseMaterial3D.TRANSPARENCY_ALPHA
	shown.albedo_texture = texture
	return shown
